// Values out of the events of one YAML document, with their places and what is odd about them.
// Internal to this folder.
//
// Flow: events in the order of the text; a container is filled in place, the innermost one is the last Level.
// Kubernetes parses a text whole before it gives values to it, and turns these into JSON after that: an error of a
// later stage is kept back until it is sure that there is none of an earlier one.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reconcile/value/yaml.h"
#include "reconcile/value/yaml_parser.h"
#include "reconcile/value/yaml_scalar.h"

namespace neoid::yaml {

struct ComposeOptions {
  YamlLimits limits;
  int first_line = 1;       // of the text, in its stream
  bool annotate = true;     // positions and notices
  bool duplicates = false;  // duplicate_keys
};

class Composer {
 public:
  Composer(const Text& text, const ComposeOptions& options) : options_(options), parser_(text) {}

  // False: failure() says why. Fills value, positions and notices.
  bool run(Document& document);
  const Failure& failure() const { return failure_; }
  const std::vector<std::string>& duplicate_keys() const { return duplicate_keys_; }

 private:
  struct Level {
    Json* value = nullptr;
    bool map = false;
    bool wants_key = true;
    bool merging = false;     // the value that comes next is that of a <<
    bool has_merged = false;  // some was before
    bool text_key = false;
    std::string key;
    Mark key_at;
    std::uint32_t node = 0;
    std::size_t nodes_before = 0;
    std::string anchor;
    std::unique_ptr<Json> aside;  // a value that is not stored: of a <<, or a key that cannot be one
  };
  struct Anchor {
    Json value;
    bool complete = false;
    std::size_t nodes = 0;
    std::uint32_t node = 0;
  };

  bool handle(const Event& event);
  bool scalar(const Event& event);
  bool alias(const Event& event);
  bool begin(const Event& event, bool map);
  bool end();
  bool count(std::size_t nodes, Mark at);
  bool take_key(const Event& event);
  Json* slot(Mark at);
  void completed(Mark at);
  void merge(const Json& value, Mark at);
  void overlay(const Json& value);

  Position position(Mark mark) const {
    return {options_.first_line + static_cast<int>(mark.line), static_cast<int>(mark.column) + 1};
  }
  std::uint32_t place(Mark at, std::uint32_t target = SourceMap::kNone);
  std::string path() const;
  void notice(NoticeKind kind, Mark at, std::string message);
  void notice_scalar(const Scalar& scalar, const Event& event);
  void notice_tag(const Event& event, bool collection);
  void notice_duplicate(const Level& level, Mark value_at);
  // Errors of the stages after parsing; the first of each stage counts, and the run goes on.
  void decode_error(Mark at, std::string problem);
  void convert_error(Mark at, std::string problem);
  bool stop(Mark at, std::string problem);

  Level& top() { return levels_[depth_ - 1]; }
  const Level& top() const { return levels_[depth_ - 1]; }

  ComposeOptions options_;
  Parser parser_;
  Document* document_ = nullptr;
  std::vector<Level> levels_;  // the first depth_ are in use; the others keep their memory
  std::size_t depth_ = 0;
  std::map<std::string, Anchor, std::less<>> anchors_;
  std::size_t nodes_ = 1;
  std::size_t alias_nodes_ = 0;
  std::size_t anchored_nodes_ = 0;
  Failure failure_;
  Failure decode_failure_;
  Failure convert_failure_;
  Failure non_finite_failure_;
  std::vector<std::string> duplicate_keys_;
};

}  // namespace neoid::yaml
