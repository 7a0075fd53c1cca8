// Where each value of a document stands in its text: a vector in the order of the document, 28 bytes a value,
// written while reading and searched only when somebody asks. Thread-safe once built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace neoid {

// Counted from 1, columns in characters; line 0: unknown.
struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

struct Place {
  Position key;    // of the member's name; of the value where there is no name
  Position value;  // of the value's first character
  bool operator==(const Place&) const = default;
};

class SourceMap {
 public:
  bool empty() const { return nodes_.empty(); }
  std::size_t size() const { return nodes_.size(); }

  // The place of the value at a JSON pointer (RFC 6901; "" is the whole). nullopt if the text has no such
  // value.
  std::optional<Place> find(std::string_view pointer) const;
  // The place of a Kubernetes field path ("spec.scopes[0].name", "metadata.labels[a/b]"), or of its nearest
  // ancestor that is in the text: for findings about fields that are missing or defaulted. "" and "<nil>" are
  // the whole.
  Place nearest(std::string_view field_path) const;

  // For readers. Values are added in the order of the text; a container is closed after its last member.
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  std::uint32_t add(std::string_view key, Position key_at, Position at);
  // `target` is the value that an alias stands for.
  std::uint32_t add_alias(std::string_view key, Position key_at, Position at, std::uint32_t target);
  // The value of a `<<`: its members are those of the object around it, unless that has them itself.
  std::uint32_t add_merge(Position key_at, Position at, std::uint32_t target);
  void close(std::uint32_t node);
  void reserve(std::size_t values) { nodes_.reserve(values); }

 private:
  struct Node {
    std::uint32_t key;  // hash of the name
    std::uint32_t key_line;
    std::uint32_t key_column;
    std::uint32_t line;
    std::uint32_t column;
    std::uint32_t end;     // index after the last member
    std::uint32_t target;  // of an alias; else kNone
  };
  std::uint32_t child(std::uint32_t parent, std::string_view token, int depth) const;
  std::uint32_t merged_child(std::uint32_t merge, std::string_view token, int depth) const;
  Place place(std::uint32_t node) const;

  std::vector<Node> nodes_;
};

}  // namespace neoid
