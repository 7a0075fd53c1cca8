// Tokens of a rule. Errors in the text go to Issues; the stream always ends with End.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/cel/issues.h"

namespace neoid::cel {

enum class TokenKind {
  End,
  Identifier,
  Int,
  Uint,
  Double,
  String,
  Bytes,
  Punctuation,  // operators and brackets, and the words `in`, `true`, `false`, `null`
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t offset = 0;
  std::string_view text;  // as written; "<EOF>" of End

  bool is(std::string_view punctuation) const {
    return kind == TokenKind::Punctuation && text == punctuation;
  }
};

std::vector<Token> tokenize(std::string_view text, Issues& issues);

// The value of a string or bytes literal as written, prefix and quotes included.
// Empty optional-like result: `ok` false for an escape that names no code point.
struct Unquoted {
  bool ok = false;
  std::string value;
};
Unquoted unquote(std::string_view literal, bool bytes);

}  // namespace neoid::cel
