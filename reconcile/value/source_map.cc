#include "reconcile/value/source_map.h"

#include <charconv>
#include <string>

#include "reconcile/value/patch.h"

namespace neoid {
namespace {

// FNV-1a; kMergeKey marks a `<<`, kItem a list item: no name hashes to them.
constexpr std::uint32_t kMergeKey = 0;
constexpr std::uint32_t kItem = 1;
// Aliases of aliases: the reader makes no cycles, this only bounds the work of one search.
constexpr int kMaxHops = 64;

std::uint32_t hash(std::string_view name) {
  std::uint32_t h = 2166136261u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h < 2 ? h + 2 : h;
}

std::optional<std::size_t> index_of(std::string_view token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (token.empty() || error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

}  // namespace

std::uint32_t SourceMap::add(std::string_view key, Position key_at, Position at) {
  const auto node = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({key_at.line == 0 ? kItem : hash(key), static_cast<std::uint32_t>(key_at.line),
                    static_cast<std::uint32_t>(key_at.column), static_cast<std::uint32_t>(at.line),
                    static_cast<std::uint32_t>(at.column), node + 1, kNone});
  return node;
}

std::uint32_t SourceMap::add_alias(std::string_view key, Position key_at, Position at, std::uint32_t target) {
  const std::uint32_t node = add(key, key_at, at);
  nodes_[node].target = target;
  return node;
}

std::uint32_t SourceMap::add_merge(Position key_at, Position at, std::uint32_t target) {
  const std::uint32_t node = add_alias("<<", key_at, at, target);
  nodes_[node].key = kMergeKey;
  return node;
}

void SourceMap::close(std::uint32_t node) { nodes_[node].end = static_cast<std::uint32_t>(nodes_.size()); }

std::uint32_t SourceMap::child(std::uint32_t parent, std::string_view token, int depth) const {
  for (int hops = 0; nodes_[parent].target != kNone && hops < kMaxHops; ++hops)
    parent = nodes_[parent].target;
  const std::uint32_t name = hash(token);
  const std::optional<std::size_t> index = index_of(token);
  std::uint32_t found = kNone;
  std::size_t item = 0;
  // Of two equal keys the last one wins, and so does its place; so does a merge after a key.
  for (std::uint32_t i = parent + 1; i < nodes_[parent].end; i = nodes_[i].end) {
    if (nodes_[i].key == kItem) {
      if (index && item == *index) return i;
      ++item;
    } else if (nodes_[i].key == kMergeKey && depth < kMaxHops) {
      const std::uint32_t merged = merged_child(i, token, depth + 1);
      if (merged != kNone) found = merged;
    } else if (nodes_[i].key == name) {
      found = i;
    }
  }
  return found;
}

// The value of a `<<` is an object, an alias of one, or a list of these, of which the first one wins.
std::uint32_t SourceMap::merged_child(std::uint32_t merge, std::string_view token, int depth) const {
  const bool list =
      nodes_[merge].target == kNone && nodes_[merge].end > merge + 1 && nodes_[merge + 1].key == kItem;
  if (!list) return child(merge, token, depth);
  for (std::uint32_t i = merge + 1; i < nodes_[merge].end; i = nodes_[i].end) {
    const std::uint32_t found = child(i, token, depth);
    if (found != kNone) return found;
  }
  return kNone;
}

Place SourceMap::place(std::uint32_t node) const {
  const Node& n = nodes_[node];
  const Position value{static_cast<int>(n.line), static_cast<int>(n.column)};
  if (n.key_line == 0) return {value, value};
  return {{static_cast<int>(n.key_line), static_cast<int>(n.key_column)}, value};
}

std::optional<Place> SourceMap::find(std::string_view pointer) const {
  const auto tokens = split_pointer(pointer);
  if (!tokens || nodes_.empty()) return std::nullopt;
  std::uint32_t node = 0;
  for (const std::string& token : *tokens) {
    node = child(node, token, 0);
    if (node == kNone) return std::nullopt;
  }
  return place(node);
}

Place SourceMap::nearest(std::string_view field_path) const {
  if (nodes_.empty()) return {};
  std::uint32_t node = 0;
  for (const std::string& token : split_field_path(field_path)) {
    const std::uint32_t next = child(node, token, 0);
    if (next == kNone) break;
    node = next;
  }
  return place(node);
}

}  // namespace neoid
