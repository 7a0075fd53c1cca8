#include "reconcile/cel/text.h"

#include <cstdint>

namespace neoid::cel {
namespace {

// The length of the well-formed sequence at `offset`, 0 where it is broken.
std::size_t sequence_length(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(offset);
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (offset + length > text.size()) return 0;
  if (byte(offset + 1) < low || byte(offset + 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(offset + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

char32_t next_rune(std::string_view text, std::size_t& offset) {
  const auto first = static_cast<std::uint8_t>(text[offset]);
  if (first < 0x80) {
    ++offset;
    return first;
  }
  const std::size_t length = sequence_length(text, offset);
  if (length == 0) {
    ++offset;
    return kReplacementRune;
  }
  char32_t rune = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    rune = (rune << 6) | (static_cast<std::uint8_t>(text[offset + i]) & 0x3FU);
  }
  offset += length;
  return rune;
}

std::size_t count_runes(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t offset = 0; offset < text.size(); ++count) {
    if (static_cast<std::uint8_t>(text[offset]) < 0x80) {
      ++offset;
    } else {
      next_rune(text, offset);
    }
  }
  return count;
}

std::size_t rune_offset(std::string_view text, std::size_t index) {
  std::size_t offset = 0;
  for (; index > 0 && offset < text.size(); --index) next_rune(text, offset);
  return offset;
}

void append_rune(std::string& out, char32_t rune) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) rune = kReplacementRune;
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xC0 | (rune >> 6));
    put(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    put(0xE0 | (rune >> 12));
    put(0x80 | ((rune >> 6) & 0x3F));
    put(0x80 | (rune & 0x3F));
  } else {
    put(0xF0 | (rune >> 18));
    put(0x80 | ((rune >> 12) & 0x3F));
    put(0x80 | ((rune >> 6) & 0x3F));
    put(0x80 | (rune & 0x3F));
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    if (static_cast<std::uint8_t>(text[offset]) < 0x80) {
      ++offset;
      continue;
    }
    const std::size_t length = sequence_length(text, offset);
    if (length == 0) return false;
    offset += length;
  }
  return true;
}

bool is_space(char32_t rune) {
  switch (rune) {
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
    case ' ':
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000: return true;
    default: return rune >= 0x2000 && rune <= 0x200A;
  }
}

}  // namespace neoid::cel
