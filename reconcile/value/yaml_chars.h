// Characters as YAML sorts them. Internal to this folder: for the scanner's sources. Texts end with NULs, so that
// looking a few bytes ahead needs no check.
#pragma once

#include <array>
#include <cstring>
#include <string_view>

namespace neoid::yaml {

enum Class : unsigned char {
  kBlank = 1,       // space, tab
  kPlainStop = 2,   // ends the fast run of a plain scalar outside brackets
  kFlowStop = 4,    // the same inside brackets
  kWord = 8,        // letters, digits, _ and -
  kUri = 16,        // what a tag may hold
  kQuoteStop = 32,  // ends the fast run of a quoted scalar
  kNoPlainStart = 64,
};

constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> table{};
  const auto add = [&table](std::string_view bytes, unsigned flags) {
    for (const char c : bytes) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<unsigned char>(entry | flags);
    }
  };
  // C2 and E2 may begin a line break (NEL, LS, PS).
  constexpr std::string_view kBreaks("\0\r\n\xC2\xE2", 5);
  add(" \t", kBlank | kPlainStop | kFlowStop | kQuoteStop | kNoPlainStart);
  add(kBreaks, kPlainStop | kFlowStop | kQuoteStop);
  add(":", kPlainStop | kFlowStop);
  add(",?[]{}", kFlowStop);
  add("\"'\\", kQuoteStop);
  add("-?:,[]{}#&*!|>'\"%@`", kNoPlainStart);
  add("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-", kWord | kUri);
  add(";/?:@&=+$,.!~*'()[]%", kUri);
  return table;
}
inline constexpr std::array<unsigned char, 256> kClasses = make_classes();

inline bool is(char c, unsigned flags) { return (kClasses[static_cast<unsigned char>(c)] & flags) != 0; }
inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Bytes of the line break at p; 0 if there is none. \r\n counts as one.
inline std::size_t break_width(const char* p) {
  switch (p[0]) {
    case '\n': return 1;
    case '\r': return p[1] == '\n' ? 2 : 1;
    case '\xC2': return p[1] == '\x85' ? 2 : 0;
    case '\xE2': return p[1] == '\x80' && (p[2] == '\xA8' || p[2] == '\xA9') ? 3 : 0;
    default: return 0;
  }
}
inline bool is_break(const char* p) { return break_width(p) != 0; }
inline bool is_breakz(const char* p) { return *p == '\0' || is_break(p); }
inline bool is_blankz(const char* p) { return is_blank(*p) || is_breakz(p); }

inline std::size_t char_width(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline bool is_document_mark(const char* p) {
  return (std::memcmp(p, "---", 3) == 0 || std::memcmp(p, "...", 3) == 0) && is_blankz(p + 3);
}

}  // namespace neoid::yaml
