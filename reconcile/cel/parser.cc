#include "reconcile/cel/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "reconcile/cel/lexer.h"
#include "reconcile/cel/macros.h"
#include "reconcile/cel/text.h"

namespace neoid::cel {
namespace {

constexpr std::size_t kMaxRunes = 100'000;
constexpr int kMaxDepth = 250;
constexpr KubernetesVersion kOptionals{1, 29};
constexpr std::string_view kPrimaryStarts =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}";

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kReserved = {
      "as",  "break", "const",   "continue",  "else", "false",  "for",  "function", "if",   "import", "in",
      "let", "loop",  "package", "namespace", "null", "return", "true", "var",      "void", "while"};
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

// Recursive descent. After the first syntax error the rest reads as the end of the text.
class Parser {
 public:
  Parser(std::vector<Token> tokens, KubernetesVersion version, Issues& issues)
      : tokens_(std::move(tokens)), version_(version), issues_(issues) {}

  Ast run() {
    ast_.root = expression();
    if (!failed_ && token().kind != TokenKind::End) {
      syntax_error(token(), fmt::format("mismatched input '{}' expecting <EOF>", token().text));
    }
    return std::move(ast_);
  }

 private:
  // --- tokens ---
  const Token& token(std::size_t ahead = 0) const {
    return failed_ ? tokens_.back() : tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token take() {
    const Token& taken = token();
    if (!failed_ && at_ + 1 < tokens_.size()) ++at_;
    return taken;
  }
  bool accept(std::string_view punctuation) {
    if (!token().is(punctuation)) return false;
    take();
    return true;
  }
  void expect(std::string_view punctuation) {
    if (accept(punctuation)) return;
    const bool more = token().kind != TokenKind::End && token(1).is(punctuation);
    syntax_error(token(), more
                              ? fmt::format("extraneous input '{}' expecting '{}'", token().text, punctuation)
                              : fmt::format("missing '{}' at '{}'", punctuation, token().text));
  }
  void syntax_error(const Token& at, const std::string& what) {
    if (failed_) return;
    issues_.add(at.offset, "Syntax error: " + what);
    failed_ = true;
  }

  // --- depth: what recursion in here and in every later stage relies on ---
  Expr* seal(Expr* expr) {
    if (expr->target != nullptr) expr->depth = std::max(expr->depth, expr->target->depth + 1);
    for (const Expr* arg : expr->args) expr->depth = std::max(expr->depth, arg->depth + 1);
    if (expr->depth > kMaxDepth) too_deep();
    return expr;
  }
  void too_deep() {
    if (failed_) return;
    issues_.add(kNoOffset, fmt::format("expression recursion limit exceeded: {}", kMaxDepth));
    failed_ = true;
  }

  Expr* nothing() { return ast_.make(ExprKind::Literal, token().offset); }

  Expr* call(std::string_view function, std::size_t offset, std::vector<Expr*> args) {
    Expr* out = ast_.make(ExprKind::Call, offset);
    out->name = function;
    out->args = std::move(args);
    return seal(out);
  }

  // --- grammar, from the loosest binding to the tightest ---
  Expr* expression() {
    if (++nesting_ > kMaxDepth) too_deep();
    Expr* out = failed_ ? nothing() : conditional();
    --nesting_;
    return out;
  }

  Expr* conditional() {
    Expr* condition = logical("||", "_||_", &Parser::conjunction);
    if (!token().is("?")) return condition;
    const std::size_t offset = take().offset;
    Expr* yes = logical("||", "_||_", &Parser::conjunction);
    if (!accept(":")) {
      syntax_error(token(), fmt::format("mismatched input '{}' expecting ':'", token().text));
      return condition;
    }
    Expr* no = expression();
    return call("_?_:_", offset, {condition, yes, no});
  }

  Expr* conjunction() { return logical("&&", "_&&_", &Parser::relation); }

  // Long chains become balanced trees.
  Expr* logical(std::string_view sign, std::string_view function, Expr* (Parser::*operand)()) {
    std::vector<Expr*> terms = {(this->*operand)()};
    std::vector<std::size_t> signs;
    while (token().is(sign)) {
      signs.push_back(take().offset);
      terms.push_back((this->*operand)());
    }
    return signs.empty() ? terms[0] : balance(function, terms, signs, 0, signs.size() - 1);
  }

  Expr* balance(std::string_view function, const std::vector<Expr*>& terms,
                const std::vector<std::size_t>& signs, std::size_t low, std::size_t high) {
    const std::size_t middle = (low + high + 1) / 2;
    Expr* left = middle == low ? terms[middle] : balance(function, terms, signs, low, middle - 1);
    Expr* right = middle == high ? terms[middle + 1] : balance(function, terms, signs, middle + 1, high);
    return call(function, signs[middle], {left, right});
  }

  struct Operator {
    std::string_view sign;
    std::string_view function;
  };

  template <std::size_t N>
  Expr* binary(const std::array<Operator, N>& operators, Expr* (Parser::*operand)()) {
    Expr* left = (this->*operand)();
    for (;;) {
      const auto found = std::find_if(operators.begin(), operators.end(),
                                      [&](const Operator& candidate) { return token().is(candidate.sign); });
      if (found == operators.end()) return left;
      const std::size_t offset = take().offset;
      Expr* right = (this->*operand)();
      left = call(found->function, offset, {left, right});
    }
  }

  Expr* relation() {
    static constexpr std::array<Operator, 7> kOperators = {{{"<", "_<_"},
                                                            {"<=", "_<=_"},
                                                            {">=", "_>=_"},
                                                            {">", "_>_"},
                                                            {"==", "_==_"},
                                                            {"!=", "_!=_"},
                                                            {"in", "@in"}}};
    return binary(kOperators, &Parser::sum);
  }
  Expr* sum() {
    static constexpr std::array<Operator, 2> kOperators = {{{"+", "_+_"}, {"-", "_-_"}}};
    return binary(kOperators, &Parser::product);
  }
  Expr* product() {
    static constexpr std::array<Operator, 3> kOperators = {{{"*", "_*_"}, {"/", "_/_"}, {"%", "_%_"}}};
    return binary(kOperators, &Parser::unary);
  }

  bool at_negative_literal() const {
    return token().is("-") && (token(1).kind == TokenKind::Int || token(1).kind == TokenKind::Double);
  }

  Expr* unary() {
    const bool negation = token().is("-") && !at_negative_literal();
    if (!negation && !token().is("!")) return member();
    const std::string_view sign = negation ? "-" : "!";
    const std::size_t offset = token().offset;
    std::size_t count = 0;
    while (token().is(sign)) {
      take();
      ++count;
    }
    Expr* operand = member();
    return count % 2 == 0 ? operand : call(negation ? "-_" : "!_", offset, {operand});
  }

  Expr* member() {
    Expr* out = primary();
    while (!failed_) {
      if (token().is(".")) {
        out = selection(out);
      } else if (token().is("[")) {
        const std::size_t offset = take().offset;
        const bool optional = version_ >= kOptionals && accept("?");
        Expr* index = expression();
        expect("]");
        out = call(optional ? "_[?_]" : "_[_]", offset, {out, index});
      } else if (token().is("{") && is_message_name(out)) {
        out = message(out);
      } else {
        break;
      }
    }
    return out;
  }

  Expr* selection(Expr* operand) {
    const std::size_t dot = take().offset;
    const bool optional = version_ >= kOptionals && accept("?");
    if (token().kind != TokenKind::Identifier) {
      const bool extra = token(1).kind == TokenKind::Identifier && token().kind != TokenKind::End;
      syntax_error(token(), extra ? fmt::format("extraneous input '{}' expecting IDENTIFIER", token().text)
                                  : fmt::format("missing IDENTIFIER at '{}'", token().text));
      return operand;
    }
    const Token name = take();
    if (optional) {
      Expr* field = ast_.make(ExprKind::Literal, name.offset);
      field->literal = LiteralKind::String;
      field->name = name.text;
      return call("_?._", dot, {operand, field});
    }
    if (token().is("(")) return finish_call(name.text, operand);
    Expr* out = ast_.make(ExprKind::Select, dot);
    out->name = name.text;
    out->target = operand;
    return seal(out);
  }

  // At the opening bracket of a call.
  Expr* finish_call(std::string_view name, Expr* target) {
    const std::size_t offset = take().offset;
    std::vector<Expr*> args;
    if (!token().is(")")) {
      do {
        args.push_back(expression());
      } while (accept(","));
    }
    expect(")");
    if (failed_) return nothing();
    if (Expr* expanded = expand_macro(ast_, {name, offset, target, args, version_}, issues_)) {
      if (expanded->depth > kMaxDepth) too_deep();
      return expanded;
    }
    Expr* out = ast_.make(ExprKind::Call, offset);
    out->name = name;
    out->target = target;
    out->args = std::move(args);
    return seal(out);
  }

  static bool is_message_name(const Expr* expr) {
    while (expr->kind == ExprKind::Select && !expr->test_only) expr = expr->target;
    return expr->kind == ExprKind::Ident;
  }

  Expr* message(Expr* type) {
    std::string name = type->name;
    for (const Expr* at = type; at->kind == ExprKind::Select; at = at->target) {
      name = at->target->name + "." + (at == type ? type->name : name);
    }
    Expr* out = ast_.make(ExprKind::Message, take().offset);
    out->name = name;
    while (!failed_ && !token().is("}")) {
      if (token().kind != TokenKind::Identifier) {
        syntax_error(token(), fmt::format("mismatched input '{}' expecting IDENTIFIER", token().text));
        break;
      }
      take();
      expect(":");
      out->args.push_back(expression());
      if (!accept(",")) break;
    }
    expect("}");
    return seal(out);
  }

  Expr* primary() {
    const Token first = token();
    if (first.kind == TokenKind::Identifier) return identifier("");
    if (first.is(".") && token(1).kind == TokenKind::Identifier) {
      take();
      return identifier(".");
    }
    if (accept("(")) {
      Expr* inner = expression();
      expect(")");
      return inner;
    }
    if (first.is("[")) return list();
    if (first.is("{")) return map();
    if (Expr* value = literal()) return value;
    const bool extra = first.kind == TokenKind::Punctuation && starts_primary(token(1));
    syntax_error(first, fmt::format("{} input '{}' expecting {}", extra ? "extraneous" : "mismatched",
                                    first.text, kPrimaryStarts));
    return nothing();
  }

  static bool starts_primary(const Token& next) {
    return next.kind != TokenKind::End &&
           (next.kind != TokenKind::Punctuation || next.is("(") || next.is("["));
  }

  Expr* identifier(std::string_view prefix) {
    const Token name = take();
    if (is_reserved(name.text)) issues_.add(name.offset, fmt::format("reserved identifier: {}", name.text));
    const std::string full = std::string(prefix) + std::string(name.text);
    if (token().is("(")) return finish_call(full, nullptr);
    Expr* out = ast_.make(ExprKind::Ident, name.offset);
    out->name = full;
    return out;
  }

  bool accept_optional_mark(Expr* out, std::size_t index) {
    const bool marked = version_ >= kOptionals && accept("?");
    if (marked) out->optional.resize(index + 1, false);
    if (marked) out->optional[index] = true;
    return marked;
  }

  Expr* list() {
    Expr* out = ast_.make(ExprKind::List, take().offset);
    while (!failed_ && !token().is("]")) {
      accept_optional_mark(out, out->args.size());
      out->args.push_back(expression());
      if (!accept(",")) break;
    }
    expect("]");
    return seal(out);
  }

  Expr* map() {
    Expr* out = ast_.make(ExprKind::Map, take().offset);
    while (!failed_ && !token().is("}")) {
      accept_optional_mark(out, out->args.size() / 2);
      out->args.push_back(expression());
      expect(":");
      out->args.push_back(expression());
      if (!accept(",")) break;
    }
    expect("}");
    if (out->args.size() % 2 != 0) out->args.pop_back();
    return seal(out);
  }

  // Null if no literal starts here.
  Expr* literal() {
    const bool negative = at_negative_literal();
    const Token& first = token();
    Expr* out = nullptr;
    const auto make = [&](LiteralKind kind) {
      out = ast_.make(ExprKind::Literal, first.offset);
      out->literal = kind;
      return out;
    };
    if (first.is("true") || first.is("false")) {
      make(LiteralKind::Bool)->bool_value = first.text == "true";
    } else if (first.is("null")) {
      make(LiteralKind::Null);
    } else if (first.kind == TokenKind::String || first.kind == TokenKind::Bytes) {
      const bool bytes = first.kind == TokenKind::Bytes;
      Unquoted value = unquote(first.text, bytes);
      if (!value.ok) issues_.add(first.offset, "unable to unescape string: invalid unicode code point");
      make(bytes ? LiteralKind::Bytes : LiteralKind::String)->name = std::move(value.value);
    } else if (negative || first.kind == TokenKind::Int || first.kind == TokenKind::Uint ||
               first.kind == TokenKind::Double) {
      const std::size_t offset = first.offset;
      if (negative) take();
      return number(take(), offset, negative);
    } else {
      return nullptr;
    }
    take();
    return out;
  }

  Expr* number(const Token& digits, std::size_t offset, bool negative) {
    Expr* out = ast_.make(ExprKind::Literal, offset);
    std::string text = (negative ? "-" : "") + std::string(digits.text);
    const auto parse = [&](auto& value, int base) {
      const auto [end, error] = [&] {
        if constexpr (std::is_floating_point_v<std::remove_reference_t<decltype(value)>>) {
          return std::from_chars(text.data(), text.data() + text.size(), value);
        } else {
          return std::from_chars(text.data(), text.data() + text.size(), value, base);
        }
      }();
      return error == std::errc{} && end == text.data() + text.size();
    };
    if (digits.kind == TokenKind::Double) {
      out->literal = LiteralKind::Double;
      if (!parse(out->double_value, 10)) issues_.add(offset, "invalid double literal");
      return out;
    }
    int base = 10;
    if (const std::size_t hex = text.find("0x"); hex != std::string::npos) {
      text.erase(hex, 2);
      base = 16;
    }
    if (digits.kind == TokenKind::Uint) {
      text.pop_back();
      out->literal = LiteralKind::Uint;
      if (!parse(out->uint_value, base)) issues_.add(offset, "invalid uint literal");
      return out;
    }
    out->literal = LiteralKind::Int;
    if (!parse(out->int_value, base)) issues_.add(offset, "invalid int literal");
    return out;
  }

  std::vector<Token> tokens_;
  KubernetesVersion version_;
  Issues& issues_;
  Ast ast_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  bool failed_ = false;
};

}  // namespace

Ast parse(std::string_view text, KubernetesVersion version, Issues& issues) {
  if (const std::size_t runes = count_runes(text); runes > kMaxRunes) {
    issues.add(kNoOffset,
               fmt::format("expression code point size exceeds limit: size: {}, limit {}", runes, kMaxRunes));
    Ast ast;
    ast.root = ast.make(ExprKind::Literal, 0);
    return ast;
  }
  return Parser(tokenize(text, issues), version, issues).run();
}

}  // namespace neoid::cel
