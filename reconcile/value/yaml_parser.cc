#include "reconcile/value/yaml_parser.h"

#include <algorithm>

namespace neoid::yaml {
namespace {

bool is_one_of(const Token* token, std::initializer_list<TokenType> types) {
  return std::find(types.begin(), types.end(), token->type) != types.end();
}

// "1.1", with leading zeros or without.
bool is_version_1_1(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto is_one = [](std::string_view number) { return number == "1" || number == "01"; };
  return is_one(text.substr(0, dot)) && is_one(text.substr(dot + 1));
}

}  // namespace

bool Parser::failed(Mark context, const char* problem, Mark at) {
  failure_ = {Failure::Stage::Parser, problem, context, at};
  return false;
}

const Token* Parser::take() {
  scanner_.skip();
  return scanner_.peek();
}

void Parser::pop() {
  state_ = states_.back();
  states_.pop_back();
}

bool Parser::empty_scalar(Event& event, Mark at) {
  event.type = Event::Type::Scalar;
  event.plain = true;
  event.start = at;
  return true;
}

bool Parser::next(Event& event) {
  event = {};
  switch (state_) {
    case State::DocumentStart: return document_start(event);
    case State::DocumentContent: return document_content(event);
    case State::BlockNode: return node(event, Context::Block);
    case State::DocumentEnd: return document_end(event);
    case State::Ended: return true;
    case State::BlockListFirst: return block_list(event, true);
    case State::BlockListEntry: return block_list(event, false);
    case State::IndentlessEntry: return indentless(event);
    case State::BlockMapFirst: return block_map_key(event, true);
    case State::BlockMapKey: return block_map_key(event, false);
    case State::BlockMapValue: return block_map_value(event);
    case State::FlowListFirst: return flow_list(event, true);
    case State::FlowListEntry: return flow_list(event, false);
    case State::FlowPairKey: return flow_pair_key(event);
    case State::FlowPairValue: return flow_pair_value(event);
    case State::FlowPairEnd:
      if (scanner_.peek() == nullptr) return false;
      event.type = Event::Type::MapEnd;
      state_ = State::FlowListEntry;
      return true;
    case State::FlowMapFirst: return flow_map_key(event, true);
    case State::FlowMapKey: return flow_map_key(event, false);
    case State::FlowMapValue: return flow_map_value(event, false);
    case State::FlowMapEmptyValue: return flow_map_value(event, true);
  }
  return false;
}

// --- Documents ------------------------------------------------------------------------------------------------

bool Parser::document_start(Event& event) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (token->type == TokenType::StreamEnd) {
    state_ = State::Ended;
    return true;
  }
  const bool bare =
      !is_one_of(token, {TokenType::VersionDirective, TokenType::TagDirective, TokenType::DocumentStart});
  if (!directives()) return false;
  states_.push_back(State::DocumentEnd);
  if (bare) return node(event, Context::Block);
  token = scanner_.peek();
  if (token == nullptr) return false;
  if (token->type != TokenType::DocumentStart)
    return failed({}, "did not find expected <document start>", token->start);
  scanner_.skip();
  return document_content(event);
}

bool Parser::directives() {
  bool version = false;
  const Token* token = scanner_.peek();
  for (; token != nullptr; token = take()) {
    if (token->type == TokenType::VersionDirective) {
      if (version) return failed({}, "found duplicate %YAML directive", token->start);
      if (!is_version_1_1(token->text)) return failed({}, "found incompatible YAML document", token->start);
      version = true;
    } else if (token->type == TokenType::TagDirective) {
      for (const auto& [handle, prefix] : handles_)
        if (handle == token->text) return failed({}, "found duplicate %TAG directive", token->start);
      handles_.emplace_back(token->text, token->suffix);
    } else {
      break;
    }
  }
  // Those that are there unless a directive says otherwise: the first one found counts.
  handles_.emplace_back("!", "!");
  handles_.emplace_back("!!", "tag:yaml.org,2002:");
  return token != nullptr;
}

bool Parser::document_content(Event& event) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (!is_one_of(token, {TokenType::VersionDirective, TokenType::TagDirective, TokenType::DocumentStart,
                         TokenType::DocumentEnd, TokenType::StreamEnd}))
    return node(event, Context::Block);
  pop();
  return empty_scalar(event, token->start);
}

bool Parser::document_end(Event& event) {
  if (scanner_.peek() == nullptr) return false;
  event.type = Event::Type::End;
  state_ = State::Ended;
  return true;
}

// --- Nodes ----------------------------------------------------------------------------------------------------

bool Parser::properties(Event& event, bool& any) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  Token tag;
  bool tagged = false;
  event.start = token->start;
  const auto anchor = [&] {
    if (token->type != TokenType::Anchor) return true;
    event.anchor = token->text;
    any = true;
    token = take();
    return token != nullptr;
  };
  const bool anchor_first = token->type == TokenType::Anchor;
  if (!anchor()) return false;
  if (token->type == TokenType::Tag) {
    tag = *token;
    tagged = true;
    any = true;
    token = take();
    if (token == nullptr || (!anchor_first && !anchor())) return false;
  }
  return !tagged || resolve_tag(event, tag, event.start);
}

bool Parser::resolve_tag(Event& event, const Token& tag, Mark start) {
  if (tag.text.empty()) {
    event.tag = tag.suffix;
    return true;
  }
  for (const auto& [handle, prefix] : handles_) {
    if (handle != tag.text) continue;
    event.tag = tags_.emplace_back(prefix + std::string(tag.suffix));
    return true;
  }
  return failed(start, "found undefined tag handle", tag.start);
}

bool Parser::node(Event& event, Context context) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (token->type == TokenType::Alias) {
    pop();
    event.type = Event::Type::Alias;
    event.start = token->start;
    event.text = token->text;
    scanner_.skip();
    return true;
  }
  bool any = false;
  if (!properties(event, any)) return false;
  token = scanner_.peek();
  if (token == nullptr) return false;
  const bool block = context != Context::Flow;
  const auto begin = [&](Event::Type type, State state) {
    event.type = type;
    state_ = state;
    return true;
  };
  if (token->type == TokenType::Scalar) {
    pop();
    event.type = Event::Type::Scalar;
    event.plain = (event.tag.empty() && token->plain) || event.tag == "!";
    event.text = token->text;
    scanner_.skip();
    return true;
  }
  if (context == Context::BlockOrIndentless && token->type == TokenType::BlockEntry)
    return begin(Event::Type::ListStart, State::IndentlessEntry);
  if (token->type == TokenType::FlowListStart) return begin(Event::Type::ListStart, State::FlowListFirst);
  if (token->type == TokenType::FlowMapStart) return begin(Event::Type::MapStart, State::FlowMapFirst);
  if (block && token->type == TokenType::BlockListStart)
    return begin(Event::Type::ListStart, State::BlockListFirst);
  if (block && token->type == TokenType::BlockMapStart)
    return begin(Event::Type::MapStart, State::BlockMapFirst);
  if (any) {
    pop();
    event.type = Event::Type::Scalar;
    event.plain = event.tag.empty();
    return true;
  }
  return failed(event.start, "did not find expected node content", token->start);
}

bool Parser::collection_end(Event& event, Event::Type type, const Token& token) {
  pop();
  marks_.pop_back();
  event.type = type;
  event.start = token.start;
  scanner_.skip();
  return true;
}

// --- Blocks ---------------------------------------------------------------------------------------------------

bool Parser::block_list(Event& event, bool first) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (first) {
    marks_.push_back(token->start);
    token = take();
    if (token == nullptr) return false;
  }
  if (token->type == TokenType::BlockEnd) return collection_end(event, Event::Type::ListEnd, *token);
  if (token->type != TokenType::BlockEntry)
    return failed(marks_.back(), "did not find expected '-' indicator", token->start);
  const Mark after = token->end;
  token = take();
  if (token == nullptr) return false;
  if (is_one_of(token, {TokenType::BlockEntry, TokenType::BlockEnd})) {
    state_ = State::BlockListEntry;
    return empty_scalar(event, after);
  }
  states_.push_back(State::BlockListEntry);
  return node(event, Context::Block);
}

// A list under a key whose dashes stand below the key itself.
bool Parser::indentless(Event& event) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (token->type != TokenType::BlockEntry) {
    pop();
    event.type = Event::Type::ListEnd;
    event.start = token->start;
    return true;
  }
  const Mark after = token->end;
  token = take();
  if (token == nullptr) return false;
  if (is_one_of(token, {TokenType::BlockEntry, TokenType::Key, TokenType::Value, TokenType::BlockEnd})) {
    state_ = State::IndentlessEntry;
    return empty_scalar(event, after);
  }
  states_.push_back(State::IndentlessEntry);
  return node(event, Context::Block);
}

bool Parser::block_map_key(Event& event, bool first) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (first) {
    marks_.push_back(token->start);
    token = take();
    if (token == nullptr) return false;
  }
  if (token->type == TokenType::BlockEnd) return collection_end(event, Event::Type::MapEnd, *token);
  if (token->type != TokenType::Key) return failed(marks_.back(), "did not find expected key", token->start);
  const Mark after = token->end;
  token = take();
  if (token == nullptr) return false;
  if (is_one_of(token, {TokenType::Key, TokenType::Value, TokenType::BlockEnd})) {
    state_ = State::BlockMapValue;
    return empty_scalar(event, after);
  }
  states_.push_back(State::BlockMapValue);
  return node(event, Context::BlockOrIndentless);
}

bool Parser::block_map_value(Event& event) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  Mark at = token->start;
  state_ = State::BlockMapKey;
  if (token->type == TokenType::Value) {
    at = token->end;
    token = take();
    if (token == nullptr) return false;
    if (!is_one_of(token, {TokenType::Key, TokenType::Value, TokenType::BlockEnd})) {
      states_.push_back(State::BlockMapKey);
      return node(event, Context::BlockOrIndentless);
    }
  }
  return empty_scalar(event, at);
}

// --- Brackets -------------------------------------------------------------------------------------------------

bool Parser::flow_list(Event& event, bool first) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (first) {
    marks_.push_back(token->start);
    token = take();
    if (token == nullptr) return false;
  }
  if (token->type == TokenType::FlowListEnd) return collection_end(event, Event::Type::ListEnd, *token);
  if (!first) {
    if (token->type != TokenType::FlowEntry)
      return failed(marks_.back(), "did not find expected ',' or ']'", token->start);
    token = take();
    if (token == nullptr) return false;
  }
  if (token->type == TokenType::FlowListEnd) return collection_end(event, Event::Type::ListEnd, *token);
  if (token->type == TokenType::Key) {
    event.type = Event::Type::MapStart;
    event.start = token->start;
    state_ = State::FlowPairKey;
    scanner_.skip();
    return true;
  }
  states_.push_back(State::FlowListEntry);
  return node(event, Context::Flow);
}

bool Parser::flow_pair_key(Event& event) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (!is_one_of(token, {TokenType::Value, TokenType::FlowEntry, TokenType::FlowListEnd})) {
    states_.push_back(State::FlowPairValue);
    return node(event, Context::Flow);
  }
  // Kubernetes' reader drops the token here; `[? : a]` fails there, and so it does here.
  const Mark after = token->end;
  scanner_.skip();
  state_ = State::FlowPairValue;
  return empty_scalar(event, after);
}

bool Parser::flow_pair_value(Event& event) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  const Mark at = token->start;
  state_ = State::FlowPairEnd;
  if (token->type == TokenType::Value) {
    token = take();
    if (token == nullptr) return false;
    if (!is_one_of(token, {TokenType::FlowEntry, TokenType::FlowListEnd})) {
      states_.push_back(State::FlowPairEnd);
      return node(event, Context::Flow);
    }
  }
  return empty_scalar(event, at);
}

bool Parser::flow_map_key(Event& event, bool first) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  if (first) {
    marks_.push_back(token->start);
    token = take();
    if (token == nullptr) return false;
  }
  if (token->type == TokenType::FlowMapEnd) return collection_end(event, Event::Type::MapEnd, *token);
  if (!first) {
    if (token->type != TokenType::FlowEntry)
      return failed(marks_.back(), "did not find expected ',' or '}'", token->start);
    token = take();
    if (token == nullptr) return false;
  }
  if (token->type == TokenType::FlowMapEnd) return collection_end(event, Event::Type::MapEnd, *token);
  if (token->type != TokenType::Key) {
    states_.push_back(State::FlowMapEmptyValue);
    return node(event, Context::Flow);
  }
  token = take();
  if (token == nullptr) return false;
  if (is_one_of(token, {TokenType::Value, TokenType::FlowEntry, TokenType::FlowMapEnd})) {
    state_ = State::FlowMapValue;
    return empty_scalar(event, token->start);
  }
  states_.push_back(State::FlowMapValue);
  return node(event, Context::Flow);
}

bool Parser::flow_map_value(Event& event, bool empty) {
  const Token* token = scanner_.peek();
  if (token == nullptr) return false;
  const Mark at = token->start;
  state_ = State::FlowMapKey;
  if (!empty && token->type == TokenType::Value) {
    token = take();
    if (token == nullptr) return false;
    if (!is_one_of(token, {TokenType::FlowEntry, TokenType::FlowMapEnd})) {
      states_.push_back(State::FlowMapKey);
      return node(event, Context::Flow);
    }
  }
  return empty_scalar(event, at);
}

}  // namespace neoid::yaml
