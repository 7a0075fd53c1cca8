#include "reconcile/value/yaml_chunk.h"

#include <cstdint>

#include "reconcile/value/utf8.h"

namespace neoid::yaml {
namespace {

// Kubernetes' reader takes its input in pieces of this size and refuses a piece at its first bad character, before
// it looks at what stands in front of it.
constexpr std::size_t kPiece = 512;

bool is_allowed(char32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) || c == 0x85 ||
         (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) || c >= 0x10000;
}

}  // namespace

Chunk::Chunk(std::string_view text, EndWithNewline newline) {
  bytes_.reserve(text.size() + 8);
  bytes_ = text;
  if (newline == EndWithNewline::Yes && !text.ends_with('\n')) bytes_ += '\n';
  text_.size = bytes_.size();

  unsigned high = 0;
  unsigned odd = 0;
  unsigned carriage_returns = 0;
  for (const char c : bytes_) {
    const auto byte = static_cast<unsigned char>(c);
    high |= byte;
    odd |= static_cast<unsigned>(byte < 0x20 && byte != '\n' && byte != '\t') |
           static_cast<unsigned>(byte == 0x7F);
    carriage_returns |= static_cast<unsigned>(byte == '\r');
  }
  const bool ascii = high < 0x80;
  text_.only_lf = ascii && carriage_returns == 0;
  if (!ascii || odd != 0) cut_at_control(bytes_);
  bytes_.append(8, '\0');
  text_.data = bytes_.data();
}

void Chunk::cut_at_control(std::string_view text) {
  Mark at;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Char c = first_utf8(text.substr(i));
    if (!is_allowed(c.code_point)) {
      text_.cut_at_control = true;
      text_.control = at;
      text_.size = i / kPiece * kPiece;
      while (text_.size > 0 && (static_cast<unsigned char>(text[text_.size]) & 0xC0) == 0x80) --text_.size;
      bytes_.resize(text_.size);
      return;
    }
    ++at.column;
    if (c.code_point == '\n') at = {at.line + 1, 0};
    i += c.length;
  }
}

}  // namespace neoid::yaml
