// UTF-8 for rules and the strings that they see. Broken bytes count as one U+FFFD each, as in Go.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace neoid::cel {

inline constexpr char32_t kReplacementRune = 0xFFFD;

// The code point at `offset`, which is moved past it.
char32_t next_rune(std::string_view text, std::size_t& offset);
std::size_t count_runes(std::string_view text);
// The byte offset of the rune of that index; text.size() for the index past the last one.
std::size_t rune_offset(std::string_view text, std::size_t index);
void append_rune(std::string& out, char32_t rune);
bool is_utf8(std::string_view text);
// Go's unicode.IsSpace.
bool is_space(char32_t rune);

}  // namespace neoid::cel
