// Tags and directives: rare in manifests, and without meaning there.
#include <utility>

#include "reconcile/value/yaml_chars.h"
#include "reconcile/value/yaml_scanner.h"

namespace neoid::yaml {

// --- Tags and directives --------------------------------------------------------------------------------------

bool Scanner::fetch_tag() {
  if (!save_key()) return false;
  key_allowed_ = false;
  const Mark start = mark();
  std::string handle;
  std::string suffix;
  if (at_[1] == '<') {
    advance(2);
    if (!tag_uri(start, suffix, false)) return false;
    if (*at_ != '>') return failed(start, "did not find the expected '>'");
    advance(1);
  } else {
    if (!tag_handle(false, start, handle)) return false;
    if (handle.size() > 1 && handle.back() == '!') {
      if (!tag_uri(start, suffix, false)) return false;
    } else {
      // It was no handle but the beginning of the suffix; a lone ! is a tag of its own.
      suffix = handle.substr(1);
      if (!tag_uri(start, suffix, true)) return false;
      handle = "!";
      if (suffix.empty()) std::swap(handle, suffix);
    }
  }
  if (!is_blankz(at_)) return failed(start, "did not find expected whitespace or line break");
  push(TokenType::Tag, start, mark());
  tokens_.back().text = keep(std::move(handle));
  tokens_.back().suffix = keep(std::move(suffix));
  return true;
}

bool Scanner::tag_handle(bool directive, Mark start, std::string& handle) {
  if (*at_ != '!') return failed(start, "did not find expected '!'");
  do {
    handle += *at_;
    ++at_;
  } while (is(*at_, kWord));
  if (*at_ == '!') {
    handle += *at_;
    ++at_;
  } else if (directive && handle != "!") {
    return failed(start, "did not find expected '!'");
  }
  return true;
}

bool Scanner::tag_uri(Mark start, std::string& uri, bool nonempty) {
  while (is(*at_, kUri)) {
    nonempty = true;
    if (*at_ == '%') {
      if (!uri_escape(start, uri)) return false;
    } else {
      uri += *at_;
      ++at_;
    }
  }
  return nonempty || failed(start, "did not find expected tag URI");
}

// %C3%A9: the bytes of one character.
bool Scanner::uri_escape(Mark start, std::string& uri) {
  std::size_t left = 0;
  do {
    const int high = at_[0] == '%' ? hex_digit(at_[1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(at_[2]);
    if (low < 0) return failed(start, "did not find URI escaped octet");
    const auto octet = static_cast<unsigned char>(high * 16 + low);
    if (left == 0) {
      if ((octet >= 0x80 && octet < 0xC0) || octet >= 0xF8)
        return failed(start, "found an incorrect leading UTF-8 octet");
      left = char_width(static_cast<char>(octet));
    } else if ((octet & 0xC0) != 0x80) {
      return failed(start, "found an incorrect trailing UTF-8 octet");
    }
    uri += static_cast<char>(octet);
    advance(3);
  } while (--left > 0);
  return true;
}

bool Scanner::version_number(Mark start, std::string& out) {
  const char* from = at_;
  while (is_digit(*at_)) {
    ++at_;
    if (at_ - from > 2) return failed(start, "found extremely long version number");
  }
  if (at_ == from) return failed(start, "did not find expected version number");
  out.append(from, static_cast<std::size_t>(at_ - from));
  return true;
}

bool Scanner::fetch_directive() {
  unroll_indent(-1);
  if (!forget_key()) return false;
  key_allowed_ = false;
  const Mark start = mark();
  advance(1);
  const char* from = at_;
  while (is(*at_, kWord)) ++at_;
  const std::string_view name(from, static_cast<std::size_t>(at_ - from));
  if (name.empty()) return failed(start, "could not find expected directive name");
  if (!is_blankz(at_)) return failed(start, "found unexpected non-alphabetical character");
  const auto blanks = [this] {
    while (is_blank(*at_)) ++at_;
  };
  std::string first;
  std::string second;
  blanks();
  if (name == "YAML") {
    if (!version_number(start, first)) return false;
    if (*at_ != '.') return failed(start, "did not find expected digit or '.' character");
    first += '.';
    advance(1);
    if (!version_number(start, first)) return false;
    push(TokenType::VersionDirective, start, mark());
  } else if (name == "TAG") {
    if (!tag_handle(true, start, first)) return false;
    if (!is_blank(*at_)) return failed(start, "did not find expected whitespace");
    blanks();
    if (!tag_uri(start, second, false)) return false;
    if (!is_blankz(at_)) return failed(start, "did not find expected whitespace or line break");
    push(TokenType::TagDirective, start, mark());
  } else {
    return failed(start, "found unknown directive name");
  }
  tokens_.back().text = keep(std::move(first));
  tokens_.back().suffix = keep(std::move(second));
  blanks();
  skip_comment();
  if (!is_breakz(at_)) return failed(start, "did not find expected comment or line break");
  skip_break();
  return true;
}

}  // namespace neoid::yaml
