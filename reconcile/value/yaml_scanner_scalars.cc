// Scalars: plain, quoted, and blocks of lines.
#include <algorithm>
#include <cstring>
#include <utility>

#include "reconcile/value/utf8.h"
#include "reconcile/value/yaml_chars.h"
#include "reconcile/value/yaml_scanner.h"

namespace neoid::yaml {

// --- Plain scalars --------------------------------------------------------------------------------------------

// A line break between words: one is a blank, more of them lose the first. Empties both.
void Scanner::fold(std::string& out, std::string& first, std::string& rest) {
  if (first.empty() || first[0] != '\n')
    out += first + rest;
  else if (rest.empty())
    out += ' ';
  else
    out += rest;
  first.clear();
  rest.clear();
}

bool Scanner::fetch_plain() {
  if (!save_key()) return false;
  key_allowed_ = false;
  const unsigned stop = flow_level_ > 0 ? kFlowStop : kPlainStop;
  const std::int64_t indent = indent_ + 1;
  const Mark start = mark();
  Mark end = start;
  const char* first_run = at_;  // while the scalar is one piece of the input
  const char* last = at_;       // after its last character
  bool one_piece = true;
  bool broken = false;  // a line break was met since `last`
  std::string text;
  std::string first_break;
  std::string breaks;

  for (;;) {
    if (at_ == line_start_ && is_document_mark(at_)) break;
    if (*at_ == '#') break;
    const char* run = at_;
    for (;;) {
      while (!is(*at_, stop)) {
        extra_ += (static_cast<unsigned char>(*at_) & 0xC0) == 0x80;
        ++at_;
      }
      if (*at_ == ':') {
        if (is_blankz(at_ + 1)) break;
        ++at_;
      } else if (*at_ == '\xC2' || *at_ == '\xE2') {
        if (is_break(at_)) break;
        advance();
      } else {
        break;
      }
    }
    if (at_ != run) {
      if (broken) {
        if (one_piece) text.assign(first_run, static_cast<std::size_t>(last - first_run));
        one_piece = false;
        fold(text, first_break, breaks);
        broken = false;
        text.append(run, static_cast<std::size_t>(at_ - run));
      } else if (!one_piece) {
        text.append(last, static_cast<std::size_t>(at_ - last));  // with the blanks between
      }
      last = at_;
      end = mark();
    }
    if (!is_blank(*at_) && !is_break(at_)) break;
    while (is_blank(*at_) || is_break(at_)) {
      if (is_blank(*at_)) {
        if (broken && *at_ == '\t' && static_cast<std::int64_t>(column()) < indent)
          return failed(start, "found a tab character that violates indentation");
        ++at_;
      } else if (!broken) {
        read_break(first_break);
        broken = true;
      } else {
        read_break(breaks);
      }
    }
    if (flow_level_ == 0 && static_cast<std::int64_t>(column()) < indent) break;
  }
  const std::string_view whole(first_run, static_cast<std::size_t>(last - first_run));
  push_scalar(start, end, one_piece ? whole : keep(std::move(text)), true);
  if (broken) key_allowed_ = true;
  return true;
}

// --- Quoted scalars -------------------------------------------------------------------------------------------

bool Scanner::fetch_quoted(char quote) {
  if (!save_key()) return false;
  key_allowed_ = false;
  const Mark start = mark();
  advance(1);

  // The common case: one run of ASCII up to the closing quote.
  const char* run = at_;
  const char* p = at_;
  while (!is(*p, kQuoteStop) || *p == ' ' || (*p != quote && (*p == '\'' || *p == '"'))) {
    if (static_cast<unsigned char>(*p) >= 0x80) break;
    ++p;
  }
  if (*p == quote && !(quote == '\'' && p[1] == '\'')) {
    at_ = p + 1;
    push_scalar(start, mark(), std::string_view(run, static_cast<std::size_t>(p - run)), false);
    return true;
  }

  std::string text;
  std::string blanks;
  std::string first_break;
  std::string breaks;
  for (;;) {
    if (at_ == line_start_ && is_document_mark(at_))
      return failed(start, "found unexpected document indicator");
    if (*at_ == '\0') return failed(start, "found unexpected end of stream");
    bool broken = false;
    if (!quoted_run(quote, start, text, broken)) return false;
    if (*at_ == quote) break;
    while (is_blank(*at_) || is_break(at_)) {
      if (is_blank(*at_)) {
        if (!broken) blanks += *at_;
        ++at_;
      } else if (!broken) {
        blanks.clear();
        read_break(first_break);
        broken = true;
      } else {
        read_break(breaks);
      }
    }
    if (broken) {
      fold(text, first_break, breaks);
    } else {
      text += blanks;
      blanks.clear();
    }
  }
  advance(1);
  push_scalar(start, mark(), keep(std::move(text)), false);
  return true;
}

// Up to the closing quote, a blank or a line break. `escaped_break`: a backslash took a line break away.
bool Scanner::quoted_run(char quote, Mark start, std::string& out, bool& escaped_break) {
  while (!is_blankz(at_)) {
    if (*at_ == quote) {
      if (quote == '"' || at_[1] != '\'') return true;
      out += '\'';
      advance(2);
    } else if (quote == '"' && *at_ == '\\') {
      if (is_break(at_ + 1)) {
        advance(1);
        skip_break();
        escaped_break = true;
        return true;
      }
      if (!escape(start, out)) return false;
    } else {
      out.append(at_, char_width(*at_));
      advance();
    }
  }
  return true;
}

bool Scanner::escape(Mark start, std::string& out) {
  std::size_t digits = 0;
  switch (at_[1]) {
    case '0': out += '\0'; break;
    case 'a': out += '\a'; break;
    case 'b': out += '\b'; break;
    case 't':
    case '\t': out += '\t'; break;
    case 'n': out += '\n'; break;
    case 'v': out += '\v'; break;
    case 'f': out += '\f'; break;
    case 'r': out += '\r'; break;
    case 'e': out += '\x1B'; break;
    case ' ': out += ' '; break;
    case '"': out += '"'; break;
    case '\'': out += '\''; break;
    case '\\': out += '\\'; break;
    case 'N': append_utf8(out, 0x85); break;
    case '_': append_utf8(out, 0xA0); break;
    case 'L': append_utf8(out, 0x2028); break;
    case 'P': append_utf8(out, 0x2029); break;
    case 'x': digits = 2; break;
    case 'u': digits = 4; break;
    case 'U': digits = 8; break;
    default: return failed(start, "found unknown escape character");  // \/ is one: it came with YAML 1.2
  }
  advance(2);
  if (digits == 0) return true;
  char32_t code = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = hex_digit(at_[i]);
    if (digit < 0) return failed(start, "did not find expected hexdecimal number");
    code = code * 16 + static_cast<char32_t>(digit);
  }
  if ((code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF)
    return failed(start, "found invalid Unicode character escape code");
  append_utf8(out, code);
  advance(digits);
  return true;
}

// --- Block scalars --------------------------------------------------------------------------------------------

// The rest of the line after | or >: how the end is treated, and by how much the lines are indented (0: look).
bool Scanner::block_header(Mark start, int& chomp, std::uint32_t& increment) {
  const auto chomping = [&] {
    if (*at_ != '+' && *at_ != '-') return;
    chomp = *at_ == '+' ? 1 : -1;
    advance(1);
  };
  const auto indentation = [&] {
    if (!is_digit(*at_)) return true;
    if (*at_ == '0') return failed(start, "found an indentation indicator equal to 0");
    increment = static_cast<std::uint32_t>(*at_ - '0');
    advance(1);
    return true;
  };
  chomping();
  if (!indentation()) return false;
  if (chomp == 0) chomping();
  while (is_blank(*at_)) ++at_;
  skip_comment();
  if (!is_breakz(at_)) return failed(start, "did not find expected comment or line break");
  skip_break();
  return true;
}

// Empty lines, and the indentation of the line after them; finds out the indentation if it is 0.
bool Scanner::block_breaks(Mark start, std::uint32_t& indent, std::string& breaks, Mark& end) {
  end = mark();
  std::uint32_t deepest = 0;
  for (;;) {
    while ((indent == 0 || column() < indent) && *at_ == ' ') ++at_;
    deepest = std::max(deepest, column());
    if ((indent == 0 || column() < indent) && *at_ == '\t')
      return failed(start, "found a tab character where an indentation space is expected");
    if (!is_break(at_)) break;
    read_break(breaks);
    end = mark();
  }
  if (indent == 0) indent = std::max({deepest, static_cast<std::uint32_t>(indent_ + 1), std::uint32_t{1}});
  return true;
}

bool Scanner::fetch_block_scalar(bool literal) {
  if (!forget_key()) return false;
  key_allowed_ = true;
  const Mark start = mark();
  advance(1);
  int chomp = 0;
  std::uint32_t indent = 0;
  if (!block_header(start, chomp, indent)) return false;
  if (indent > 0 && indent_ >= 0) indent += static_cast<std::uint32_t>(indent_);

  std::string text;
  std::string last_break;
  std::string breaks;
  Mark end = mark();
  bool blank_before = false;
  if (!block_breaks(start, indent, breaks, end)) return false;
  while (column() == indent && *at_ != '\0') {
    const bool blank = is_blank(*at_);
    if (!literal && !blank_before && !blank && !last_break.empty() && last_break[0] == '\n') {
      if (breaks.empty()) text += ' ';
    } else {
      text += last_break;
    }
    text += breaks;
    last_break.clear();
    breaks.clear();
    blank_before = blank;
    const char* run = at_;
    if (text_.only_lf) {
      const void* found = std::memchr(at_, '\n', static_cast<std::size_t>(text_.data + text_.size - at_));
      at_ = found == nullptr ? text_.data + text_.size : static_cast<const char*>(found);
    } else {
      while (!is_breakz(at_)) at_ += char_width(*at_);
    }
    text.append(run, static_cast<std::size_t>(at_ - run));
    read_break(last_break);
    if (!block_breaks(start, indent, breaks, end)) return false;
  }
  if (chomp != -1) text += last_break;
  if (chomp == 1) text += breaks;
  push_scalar(start, end, keep(std::move(text)), false);
  return true;
}

}  // namespace neoid::yaml
