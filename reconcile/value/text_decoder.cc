#include "reconcile/value/text_decoder.h"

#include "reconcile/value/utf8.h"

namespace neoid {
namespace {

constexpr std::size_t kMaxReplaced = 1000;

}  // namespace

void TextDecoder::decode(std::string_view bytes, bool last, std::string& out) {
  rest_ += bytes;
  if (encoding_ == Encoding::Unknown && !find_encoding(last)) return;
  if (encoding_ == Encoding::Utf8)
    utf8(last, out);
  else
    utf16(last, out);
}

bool TextDecoder::find_encoding(bool last) {
  if (rest_.size() < 3 && !last) return false;
  encoding_ = Encoding::Utf8;
  if (rest_.starts_with("\xEF\xBB\xBF")) {
    rest_.erase(0, 3);
  } else if (rest_.starts_with("\xFF\xFE") || rest_.starts_with("\xFE\xFF")) {
    encoding_ = rest_[0] == '\xFF' ? Encoding::Utf16Little : Encoding::Utf16Big;
    rest_.erase(0, 2);
  }
  return true;
}

void TextDecoder::replace(std::string& out) {
  if (replaced_.size() < kMaxReplaced) replaced_.push_back(decoded_);
  out += "\xEF\xBF\xBD";
  decoded_ += 3;
}

void TextDecoder::utf8(bool last, std::string& out) {
  std::string_view text = rest_;
  for (;;) {
    const std::size_t good = valid_utf8_prefix(text);
    out += text.substr(0, good);
    decoded_ += good;
    text.remove_prefix(good);
    if (text.empty()) break;
    const std::size_t bad = first_utf8(text).length;
    if (bad == text.size() && !last) break;  // a character that is cut in two
    replace(out);
    text.remove_prefix(bad);
  }
  rest_.erase(0, rest_.size() - text.size());
}

void TextDecoder::utf16(bool last, std::string& out) {
  const auto unit = [this](std::size_t i) {
    const auto a = static_cast<unsigned char>(rest_[i]);
    const auto b = static_cast<unsigned char>(rest_[i + 1]);
    return static_cast<char32_t>(encoding_ == Encoding::Utf16Little ? a | b << 8 : a << 8 | b);
  };
  std::size_t i = 0;
  for (; i + 2 <= rest_.size(); i += 2) {
    const char32_t code = unit(i);
    if (code < 0xD800 || code > 0xDFFF) {
      const std::size_t before = out.size();
      append_utf8(out, code);
      decoded_ += out.size() - before;
      continue;
    }
    const bool high = code < 0xDC00;
    if (high && i + 4 > rest_.size() && !last) break;
    const char32_t low = high && i + 4 <= rest_.size() ? unit(i + 2) : 0;
    if (low < 0xDC00 || low > 0xDFFF) {
      replace(out);
      continue;
    }
    append_utf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
    decoded_ += 4;
    i += 2;
  }
  rest_.erase(0, i);
  if (last && !rest_.empty()) {
    rest_.clear();
    replace(out);
  }
}

}  // namespace neoid
