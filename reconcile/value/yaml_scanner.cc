#include "reconcile/value/yaml_scanner.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "reconcile/value/utf8.h"

namespace neoid::yaml {
namespace {

constexpr std::size_t kMaxDepth = 10'000;
constexpr std::uint32_t kMaxKeyLength = 1024;

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
constexpr std::array<unsigned char, 256> kClasses = make_classes();

bool is(char c, unsigned flags) { return (kClasses[static_cast<unsigned char>(c)] & flags) != 0; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Bytes of the line break at p; 0 if there is none. \r\n counts as one.
std::size_t break_width(const char* p) {
  switch (p[0]) {
    case '\n': return 1;
    case '\r': return p[1] == '\n' ? 2 : 1;
    case '\xC2': return p[1] == '\x85' ? 2 : 0;
    case '\xE2': return p[1] == '\x80' && (p[2] == '\xA8' || p[2] == '\xA9') ? 3 : 0;
    default: return 0;
  }
}
bool is_break(const char* p) { return break_width(p) != 0; }
bool is_breakz(const char* p) { return *p == '\0' || is_break(p); }
bool is_blankz(const char* p) { return is_blank(*p) || is_breakz(p); }

std::size_t char_width(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_document_mark(const char* p) {
  return (std::memcmp(p, "---", 3) == 0 || std::memcmp(p, "...", 3) == 0) && is_blankz(p + 3);
}

}  // namespace

Scanner::Scanner(const Text& text) : text_(text), at_(text.data), line_start_(text.data) {
  tokens_.reserve(16);
}

// --- Characters ---------------------------------------------------------------------------------------------

void Scanner::advance() {
  const std::size_t width = char_width(*at_);
  at_ += width;
  extra_ += width - 1;
}

void Scanner::advance(std::size_t n) { at_ += n; }

void Scanner::skip_break() {
  const std::size_t width = break_width(at_);
  if (width == 0) return;
  at_ += width;
  line_start_ = at_;
  extra_ = 0;
  ++line_;
}

void Scanner::read_break(std::string& out) {
  if (*at_ == '\xE2')
    out.append(at_, 3);  // LS and PS stay themselves
  else if (is_break(at_))
    out += '\n';
  skip_break();
}

void Scanner::skip_comment() {
  if (*at_ != '#') return;
  while (!is_breakz(at_)) advance();
}

bool Scanner::failed(Mark context, std::string problem) {
  failure_ = {Failure::Stage::Scanner, std::move(problem), context, mark()};
  return false;
}

std::string_view Scanner::keep(std::string text) { return kept_.emplace_back(std::move(text)); }

// --- The queue ----------------------------------------------------------------------------------------------

const Token* Scanner::peek() {
  if (ready_) return &tokens_[head_];
  if (failure_.stage != Failure::Stage::None) return nullptr;
  for (;;) {
    if (head_ != tokens_.size()) {
      KeyPlace* key = key_at_head();
      if (key == nullptr) break;
      const Validity validity = check(*key);
      if (validity == Validity::Failed) return nullptr;
      if (validity == Validity::Invalid) break;
    } else {
      tokens_.clear();
      head_ = 0;
    }
    const bool fetched = fetch();
    if (text_.cut_at_control && at_ >= text_.data + text_.size) {
      failure_ = {Failure::Stage::Reader, "control characters are not allowed", {}, text_.control};
      return nullptr;
    }
    if (!fetched) return nullptr;
  }
  ready_ = true;
  return &tokens_[head_];
}

// The place that makes the token at the head uncertain. Numbers of tokens grow with the level.
Scanner::KeyPlace* Scanner::key_at_head() {
  std::size_t low = 0;
  std::size_t high = keys_.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (keys_[middle].token < taken_)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < keys_.size() && keys_[low].token == taken_; ++low)
    if (keys_[low].possible) return &keys_[low];
  return nullptr;
}

void Scanner::push(TokenType type, Mark start, Mark end) {
  tokens_.push_back({type, false, start, end, {}, {}});
}

void Scanner::push_scalar(Mark start, Mark end, std::string_view text, bool plain) {
  tokens_.push_back({TokenType::Scalar, plain, start, end, text, {}});
}

void Scanner::push_indicator(TokenType type, std::size_t characters) {
  const Mark start = mark();
  advance(characters);
  push(type, start, mark());
}

void Scanner::insert(std::size_t token, TokenType type, Mark at) {
  const auto index = static_cast<std::ptrdiff_t>(head_ + (token - taken_));
  tokens_.insert(tokens_.begin() + index, Token{type, false, at, at, {}, {}});
}

// --- Places of keys and indentation ---------------------------------------------------------------------------

Scanner::Validity Scanner::check(KeyPlace& key) {
  if (!key.possible) return Validity::Invalid;
  if (key.mark.line == line_ && column() <= key.mark.column + kMaxKeyLength) return Validity::Valid;
  if (key.required) {
    failed(key.mark, "could not find expected ':'");
    return Validity::Failed;
  }
  key.possible = false;
  return Validity::Invalid;
}

bool Scanner::save_key() {
  if (!key_allowed_) return true;
  const bool required = flow_level_ == 0 && indent_ == static_cast<std::int64_t>(column());
  if (!forget_key()) return false;
  keys_.back() = {true, required, taken_ + (tokens_.size() - head_), mark()};
  return true;
}

bool Scanner::forget_key() {
  KeyPlace& key = keys_.back();
  if (!key.possible) return true;
  if (key.required) return failed(key.mark, "could not find expected ':'");
  key.possible = false;
  return true;
}

bool Scanner::roll_indent(std::uint32_t to, bool insert_before, std::size_t token, TokenType type, Mark at) {
  if (flow_level_ > 0 || indent_ >= static_cast<std::int64_t>(to)) return true;
  indents_.push_back(indent_);
  indent_ = to;
  if (indents_.size() > kMaxDepth) return failed(at, "exceeded max depth of 10000");
  if (insert_before)
    insert(token, type, at);
  else
    push(type, at, at);
  return true;
}

void Scanner::unroll_indent(std::int64_t to) {
  if (flow_level_ > 0) return;
  while (indent_ > to) {
    push(TokenType::BlockEnd, mark(), mark());
    indent_ = indents_.back();
    indents_.pop_back();
  }
}

// --- Tokens -------------------------------------------------------------------------------------------------

void Scanner::skip_to_token() {
  for (;;) {
    while (*at_ == ' ' || (*at_ == '\t' && (flow_level_ > 0 || !key_allowed_))) ++at_;
    skip_comment();
    if (!is_break(at_)) return;
    skip_break();
    if (flow_level_ == 0) key_allowed_ = true;
  }
}

bool Scanner::fetch() {
  skip_to_token();
  unroll_indent(column());
  if (*at_ == '\0') return fetch_stream_end();
  if (at_ == line_start_) {
    if (*at_ == '%') return fetch_directive();
    if (is_document_mark(at_))
      return fetch_document_mark(*at_ == '-' ? TokenType::DocumentStart : TokenType::DocumentEnd);
  }
  return fetch_token(*at_);
}

bool Scanner::fetch_token(char c) {
  const bool flow = flow_level_ > 0;
  switch (c) {
    case '[': return fetch_flow_start(TokenType::FlowListStart);
    case '{': return fetch_flow_start(TokenType::FlowMapStart);
    case ']': return fetch_flow_end(TokenType::FlowListEnd);
    case '}': return fetch_flow_end(TokenType::FlowMapEnd);
    case ',': return fetch_flow_entry();
    case '-':
      if (is_blankz(at_ + 1)) return fetch_block_entry();
      return fetch_plain();
    case '?':
      if (flow || is_blankz(at_ + 1)) return fetch_key();
      return fetch_plain();
    case ':':
      if (flow || is_blankz(at_ + 1)) return fetch_value();
      return fetch_plain();
    case '*': return fetch_anchor(TokenType::Alias);
    case '&': return fetch_anchor(TokenType::Anchor);
    case '!': return fetch_tag();
    case '|':
      if (!flow) return fetch_block_scalar(true);
      break;
    case '>':
      if (!flow) return fetch_block_scalar(false);
      break;
    case '\'':
    case '"': return fetch_quoted(c);
    default:
      if (!is(c, kNoPlainStart)) return fetch_plain();
  }
  return failed(mark(), "found character that cannot start any token");
}

bool Scanner::fetch_stream_end() {
  if (column() != 0) {
    line_start_ = at_;
    extra_ = 0;
    ++line_;
  }
  unroll_indent(-1);
  if (!forget_key()) return false;
  key_allowed_ = false;
  push(TokenType::StreamEnd, mark(), mark());
  return true;
}

bool Scanner::fetch_document_mark(TokenType type) {
  unroll_indent(-1);
  if (!forget_key()) return false;
  key_allowed_ = false;
  push_indicator(type, 3);
  return true;
}

bool Scanner::fetch_flow_start(TokenType type) {
  if (!save_key()) return false;
  keys_.push_back({false, false, taken_ + (tokens_.size() - head_), mark()});
  if (++flow_level_ > kMaxDepth) return failed(mark(), "exceeded max depth of 10000");
  key_allowed_ = true;
  push_indicator(type, 1);
  return true;
}

bool Scanner::fetch_flow_end(TokenType type) {
  if (!forget_key()) return false;
  if (flow_level_ > 0) {
    --flow_level_;
    keys_.pop_back();
  }
  key_allowed_ = false;
  push_indicator(type, 1);
  return true;
}

bool Scanner::fetch_flow_entry() {
  if (!forget_key()) return false;
  key_allowed_ = true;
  push_indicator(TokenType::FlowEntry, 1);
  return true;
}

bool Scanner::fetch_block_entry() {
  if (flow_level_ == 0) {
    if (!key_allowed_) return failed(mark(), "block sequence entries are not allowed in this context");
    if (!roll_indent(column(), false, 0, TokenType::BlockListStart, mark())) return false;
  }
  if (!forget_key()) return false;
  key_allowed_ = true;
  push_indicator(TokenType::BlockEntry, 1);
  return true;
}

bool Scanner::fetch_key() {
  if (flow_level_ == 0) {
    if (!key_allowed_) return failed(mark(), "mapping keys are not allowed in this context");
    if (!roll_indent(column(), false, 0, TokenType::BlockMapStart, mark())) return false;
  }
  if (!forget_key()) return false;
  key_allowed_ = flow_level_ == 0;
  push_indicator(TokenType::Key, 1);
  return true;
}

bool Scanner::fetch_value() {
  KeyPlace& key = keys_.back();
  const Validity validity = check(key);
  if (validity == Validity::Failed) return false;
  if (validity == Validity::Valid) {
    insert(key.token, TokenType::Key, key.mark);
    if (!roll_indent(key.mark.column, true, key.token, TokenType::BlockMapStart, key.mark)) return false;
    key.possible = false;
    key_allowed_ = false;
  } else {
    if (flow_level_ == 0) {
      if (!key_allowed_) return failed(mark(), "mapping values are not allowed in this context");
      if (!roll_indent(column(), false, 0, TokenType::BlockMapStart, mark())) return false;
    }
    key_allowed_ = flow_level_ == 0;
  }
  push_indicator(TokenType::Value, 1);
  return true;
}

bool Scanner::fetch_anchor(TokenType type) {
  if (!save_key()) return false;
  key_allowed_ = false;
  const Mark start = mark();
  advance(1);
  const char* name = at_;
  while (is(*at_, kWord)) ++at_;
  const std::string_view text(name, static_cast<std::size_t>(at_ - name));
  constexpr std::string_view kMayFollow = "?:,]}%@`";
  if (text.empty() || !(is_blankz(at_) || kMayFollow.find(*at_) != std::string_view::npos))
    return failed(start, "did not find expected alphabetic or numeric character");
  push(type, start, mark());
  tokens_.back().text = text;
  return true;
}

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
