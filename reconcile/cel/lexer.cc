#include "reconcile/cel/lexer.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "reconcile/cel/text.h"

namespace neoid::cel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
 public:
  Lexer(std::string_view text, Issues& issues) : text_(text), issues_(issues) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) step();
    tokens_.push_back({TokenKind::End, text_.size(), "<EOF>"});
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void emit(TokenKind kind, std::size_t length) {
    tokens_.push_back({kind, at_, text_.substr(at_, length)});
    at_ += length;
  }

  void step() {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number();
    } else if (const std::size_t start = string_start(); start != 0) {
      string(start);
    } else if (is_word(c)) {
      word();
    } else {
      punctuation();
    }
  }

  void number() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && is_digit(text_[end])) ++end;
    };
    TokenKind kind = TokenKind::Int;
    if (peek() == '0' && (peek(1) == 'x') && is_hex(peek(2))) {
      end += 2;
      while (end < text_.size() && is_hex(text_[end])) ++end;
    } else {
      digits();
      if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
        kind = TokenKind::Double;
        ++end;
        digits();
      }
      if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
        const std::size_t sign =
            end + 1 < text_.size() && (text_[end + 1] == '+' || text_[end + 1] == '-') ? 1 : 0;
        if (end + 1 + sign < text_.size() && is_digit(text_[end + 1 + sign])) {
          kind = TokenKind::Double;
          end += 1 + sign;
          digits();
        }
      }
    }
    if (kind == TokenKind::Int && end < text_.size() && (text_[end] == 'u' || text_[end] == 'U')) {
      kind = TokenKind::Uint;
      ++end;
    }
    emit(kind, end - at_);
  }

  // The length of a literal's prefix and first quotation mark; 0 if none starts here.
  std::size_t string_start() const {
    std::size_t i = 0;
    bool raw = false;
    bool bytes = false;
    for (; i < 2; ++i) {
      const char c = peek(i);
      if ((c == 'r' || c == 'R') && !raw) {
        raw = true;
      } else if ((c == 'b' || c == 'B') && !bytes && !raw) {
        bytes = true;
      } else {
        break;
      }
    }
    return peek(i) == '"' || peek(i) == '\'' ? i + 1 : 0;
  }

  void string(std::size_t start) {
    const std::string_view prefix = text_.substr(at_, start - 1);
    const bool raw = prefix.find_first_of("rR") != std::string_view::npos;
    const bool bytes = prefix.find_first_of("bB") != std::string_view::npos;
    const char quote = peek(start - 1);
    const bool triple = peek(start) == quote && peek(start + 1) == quote;
    std::size_t i = at_ + start + (triple ? 2 : 0);
    while (i < text_.size()) {
      if (!triple && (text_[i] == '\n' || text_[i] == '\r')) break;
      if (text_[i] == quote && (!triple || text_.substr(i, 3) == std::string(3, quote))) {
        emit(bytes ? TokenKind::Bytes : TokenKind::String, i + (triple ? 3 : 1) - at_);
        return;
      }
      if (text_[i] == '\\' && !raw) {
        const std::size_t length = escape_length(i);
        if (length == 0) {
          i = std::min(i + 2, text_.size());
          break;
        }
        i += length;
      } else {
        next_rune(text_, i);
      }
    }
    if (!triple || i < text_.size()) {
      bad(i);
    } else {
      bad(text_.size());
    }
  }

  // The length of the escape sequence at i, 0 if there is no such escape.
  std::size_t escape_length(std::size_t i) const {
    const auto all = [&](std::size_t from, std::size_t count, auto&& is) {
      for (std::size_t k = from; k < from + count; ++k) {
        if (k >= text_.size() || !is(text_[k])) return false;
      }
      return true;
    };
    if (i + 1 >= text_.size()) return 0;
    const char c = text_[i + 1];
    if (std::string_view("abfnrtv\"'\\?`").find(c) != std::string_view::npos) return 2;
    if ((c == 'x' || c == 'X') && all(i + 2, 2, is_hex)) return 4;
    if (c == 'u' && all(i + 2, 4, is_hex)) return 6;
    if (c == 'U' && all(i + 2, 8, is_hex)) return 10;
    const auto octal = [](char d) { return d >= '0' && d <= '7'; };
    if (c >= '0' && c <= '3' && all(i + 2, 2, octal)) return 4;
    return 0;
  }

  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view found = text_.substr(at_, end - at_);
    const bool keyword = found == "in" || found == "true" || found == "false" || found == "null";
    emit(keyword ? TokenKind::Punctuation : TokenKind::Identifier, found.size());
  }

  void punctuation() {
    static constexpr std::array<std::string_view, 6> kTwo = {"==", "!=", "<=", ">=", "&&", "||"};
    const std::string_view two = text_.substr(at_, 2);
    for (const std::string_view candidate : kTwo) {
      if (two == candidate) return emit(TokenKind::Punctuation, 2);
    }
    if (std::string_view("<>[]{}().,-!?:+*/%").find(peek()) != std::string_view::npos) {
      return emit(TokenKind::Punctuation, 1);
    }
    std::size_t end = at_;
    next_rune(text_, end);
    // A half operator takes the sign after it along.
    if ((peek() == '=' || peek() == '&' || peek() == '|') && end < text_.size()) next_rune(text_, end);
    bad(end);
  }

  void bad(std::size_t end) {
    issues_.add(at_,
                fmt::format("Syntax error: token recognition error at: '{}'", text_.substr(at_, end - at_)));
    at_ = end;
  }

  std::string_view text_;
  Issues& issues_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, Issues& issues) { return Lexer(text, issues).run(); }

Unquoted unquote(std::string_view literal, bool bytes) {
  bool raw = false;
  while (literal.front() != '"' && literal.front() != '\'') {
    raw = raw || literal.front() == 'r' || literal.front() == 'R';
    literal.remove_prefix(1);
  }
  const bool triple = literal.size() >= 6 && literal[1] == literal[0] && literal[2] == literal[0];
  const std::size_t quotes = triple ? 3 : 1;
  literal = literal.substr(quotes, literal.size() - 2 * quotes);
  Unquoted out{true, {}};
  for (std::size_t i = 0; i < literal.size();) {
    if (literal[i] == '\r') {  // line ends are read as \n
      if (i + 1 < literal.size() && literal[i + 1] == '\n') ++i;
      out.value += '\n';
      ++i;
      continue;
    }
    if (raw || literal[i] != '\\') {
      out.value += literal[i++];
      continue;
    }
    const char c = literal[i + 1];
    static constexpr std::string_view kNames = "abfnrtv\"'\\?`";
    static constexpr std::string_view kValues = "\a\b\f\n\r\t\v\"'\\?`";
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
      out.value += kValues[known];
      i += 2;
      continue;
    }
    const bool octal = c >= '0' && c <= '3';
    const std::size_t digits = octal ? 3 : (c == 'u' ? 4 : (c == 'U' ? 8 : 2));
    const std::size_t from = octal ? i + 1 : i + 2;
    char32_t rune = 0;
    for (std::size_t k = from; k < from + digits; ++k) {
      const char d = literal[k];
      const int value = is_digit(d) ? d - '0' : (d | 0x20) - 'a' + 10;
      rune = rune * (octal ? 8 : 16) + static_cast<char32_t>(value);
    }
    if (bytes && (octal || digits == 2)) {
      out.value += static_cast<char>(static_cast<unsigned char>(rune));
    } else if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF) || (bytes && !octal)) {
      return {false, {}};
    } else {
      append_rune(out.value, rune);
    }
    i = from + digits;
  }
  return out;
}

}  // namespace neoid::cel
