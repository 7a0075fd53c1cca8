// UTF-8, one character at a time. Pure and thread-safe.
// Source: RFC 3629; the Unicode Standard, section 3.9 (what is replaced by how many U+FFFD).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace neoid {

void append_utf8(std::string& out, char32_t code_point);

struct Utf8Char {
  char32_t code_point = 0xFFFD;
  std::size_t length = 0;  // bytes; of an ill-formed sequence its maximal subpart, at least 1
  bool valid = false;
};
// The first character of a text that is not empty.
Utf8Char first_utf8(std::string_view text);

// The number of bytes before the first that is not UTF-8.
std::size_t valid_utf8_prefix(std::string_view text);
inline bool is_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }

// U+FFFD for every ill-formed byte (as Go's encoding/json), or for every maximal ill-formed subpart (as
// browsers).
enum class Replacement { PerByte, PerSubpart };
std::string replace_invalid_utf8(std::string_view text, Replacement how);

}  // namespace neoid
