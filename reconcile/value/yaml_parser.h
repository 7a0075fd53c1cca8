// The sentences of one YAML document: events out of tokens. Internal to this folder.
//
// Stops after the first document of its text, and does not look at what follows it, as Kubernetes' reader does.
// Source: YAML 1.1, chapter 4 (productions) and 9.2 (documents).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/value/yaml_scanner.h"

namespace neoid::yaml {

struct Event {
  enum class Type : std::uint8_t { End, Scalar, Alias, ListStart, ListEnd, MapStart, MapEnd };
  Type type = Type::End;
  bool plain = false;  // of a scalar: its meaning follows from its text (unless a tag says otherwise)
  Mark start;
  std::string_view text;    // scalar; name of an alias
  std::string_view anchor;  // empty: none
  std::string_view tag;     // whole: "tag:yaml.org,2002:str", "!foo", "!"; empty: none
};

class Parser {
 public:
  explicit Parser(const Text& text) : scanner_(text) {}

  // False: failure() says why. The first event of an empty text is End.
  bool next(Event& event);
  const Failure& failure() const {
    return failure_.stage == Failure::Stage::None ? scanner_.failure() : failure_;
  }

 private:
  enum class State : std::uint8_t {
    DocumentStart,
    DocumentContent,
    BlockNode,
    DocumentEnd,
    Ended,
    BlockListFirst,
    BlockListEntry,
    IndentlessEntry,
    BlockMapFirst,
    BlockMapKey,
    BlockMapValue,
    FlowListFirst,
    FlowListEntry,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMapFirst,
    FlowMapKey,
    FlowMapValue,
    FlowMapEmptyValue,
  };
  enum class Context : std::uint8_t { Block, BlockOrIndentless, Flow };

  bool failed(Mark context, const char* problem, Mark at);
  const Token* take();  // skips a token and peeks at the next
  void pop();
  bool empty_scalar(Event& event, Mark at);
  bool collection_end(Event& event, Event::Type type, const Token& token);

  bool document_start(Event& event);
  bool directives();
  bool document_content(Event& event);
  bool document_end(Event& event);
  bool node(Event& event, Context context);
  bool properties(Event& event, bool& any);
  bool resolve_tag(Event& event, const Token& tag, Mark start);
  bool block_list(Event& event, bool first);
  bool indentless(Event& event);
  bool block_map_key(Event& event, bool first);
  bool block_map_value(Event& event);
  bool flow_list(Event& event, bool first);
  bool flow_pair_key(Event& event);
  bool flow_pair_value(Event& event);
  bool flow_map_key(Event& event, bool first);
  bool flow_map_value(Event& event, bool empty);

  Scanner scanner_;
  State state_ = State::DocumentStart;
  std::vector<State> states_;
  std::vector<Mark> marks_;  // where the open collections began
  std::vector<std::pair<std::string, std::string>> handles_;
  std::deque<std::string> tags_;
  Failure failure_;
};

}  // namespace neoid::yaml
