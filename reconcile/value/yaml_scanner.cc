#include "reconcile/value/yaml_scanner.h"

#include <utility>

#include "reconcile/value/yaml_chars.h"

namespace neoid::yaml {
namespace {

constexpr std::size_t kMaxDepth = 10'000;
constexpr std::uint32_t kMaxKeyLength = 1024;

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

}  // namespace neoid::yaml
