#include "controller/apiserver/apply/typed.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "reconcile/value/field_error.h"

namespace neoid::apply {
namespace {

const Type& or_deduced(const TypeRef& type) {
  static const TypeRef deduced = deduced_type();
  return type ? *type : *deduced;
}

const Json* as_list(const Json* value) { return value != nullptr && value->is_array() ? value : nullptr; }
const Json* as_map(const Json* value) { return value != nullptr && value->is_object() ? value : nullptr; }
bool is_empty(const Json* container) { return container == nullptr || container->empty(); }

const Json* find(const Json* map, const std::string& name) {
  if (map == nullptr) return nullptr;
  const auto found = map->find(name);
  return found == map->end() ? nullptr : &*found;
}

// Two values side by side: merges them, or notes where they differ.
class Walker {
 public:
  enum class Task { Merge, Compare };
  explicit Walker(Task task, Comparison* found = nullptr) : task_(task), found_(found) {}

  std::optional<Json> walk(const Json* lhs, const Json* rhs, const TypeRef& type) {
    if (lhs == nullptr && rhs == nullptr) return std::nullopt;
    const Type left = deduce(or_deduced(type), lhs);
    const Type right = deduce(or_deduced(type), rhs);
    State state;
    if (rhs == nullptr) {
      handle(left, lhs, rhs, state);
    } else if (lhs == nullptr || left == right) {
      handle(right, lhs, rhs, state);
    } else {
      State other;
      handle(left, lhs, rhs, other);
      handle(right, lhs, rhs, state);
    }
    if (!state.leaf && task_ == Task::Compare) {
      if (lhs == nullptr) found_->added.insert(path_);
      if (rhs == nullptr) found_->removed.insert(path_);
    }
    return std::move(state.out);
  }

 private:
  struct State {
    bool leaf = false;
    std::optional<Json> out;
  };

  void handle(const Type& type, const Json* lhs, const Json* rhs, State& state) {
    if (type.map)
      map(*type.map, lhs, rhs, state);
    else if (type.scalar || !type.list)
      leaf(lhs, rhs, state);
    else
      list(*type.list, lhs, rhs, state);
  }

  void leaf(const Json* lhs, const Json* rhs, State& state) {
    state.leaf = true;
    if (task_ == Task::Merge) {
      state.out = rhs != nullptr ? *rhs : *lhs;
      return;
    }
    if (lhs == nullptr)
      found_->added.insert(path_);
    else if (rhs == nullptr)
      found_->removed.insert(path_);
    else if (*lhs != *rhs)
      found_->modified.insert(path_);
  }

  std::optional<Json> descend(std::string element, const Json* lhs, const Json* rhs, const TypeRef& type) {
    path_.push_back(std::move(element));
    std::optional<Json> out = walk(lhs, rhs, type);
    path_.pop_back();
    return out;
  }

  void map(const MapType& type, const Json* lhs, const Json* rhs, State& state) {
    const Json* left = as_map(lhs);
    const Json* right = as_map(rhs);
    if (type.relation == Relation::Atomic || (is_empty(left) && is_empty(right)))
      return leaf(lhs, rhs, state);
    Json out = Json::object();
    const auto member = [&](const std::string& name, const Json* from, const Json* to) {
      if (std::optional<Json> value = descend(field_element(name), from, to, type.member(name)))
        out[name] = std::move(*value);
    };
    if (left != nullptr)
      for (const auto& [name, value] : left->items()) member(name, &value, find(right, name));
    if (right != nullptr)
      for (const auto& [name, value] : right->items())
        if (find(left, name) == nullptr) member(name, nullptr, &value);
    if (task_ == Task::Merge && !out.empty()) state.out = std::move(out);
  }

  struct Items {
    std::vector<std::string> order;
    std::map<std::string, const Json*> by_element;
    const Json* at(const std::string& element) const {
      const auto found = by_element.find(element);
      return found == by_element.end() ? nullptr : found->second;
    }
  };

  static Items index(const ListType& type, const Json* list) {
    Items items;
    if (list == nullptr) return items;
    for (std::size_t i = 0; i < list->size(); ++i) {
      std::string element = item_element(type, (*list)[i]).value_or(index_element(i));
      if (items.by_element.emplace(element, &(*list)[i]).second) items.order.push_back(std::move(element));
    }
    return items;
  }

  void list(const ListType& type, const Json* lhs, const Json* rhs, State& state) {
    const Json* left = as_list(lhs);
    const Json* right = as_list(rhs);
    if (type.relation == Relation::Atomic || (is_empty(left) && is_empty(right)))
      return leaf(lhs, rhs, state);
    const Items from = index(type, left);
    const Items to = index(type, right);
    Json out = Json::array();
    for (const std::string& element : merged_order(from, to))
      if (std::optional<Json> value = descend(element, from.at(element), to.at(element), type.element))
        out.push_back(std::move(*value));
    if (task_ == Task::Merge && !out.empty()) state.out = std::move(out);
  }

  // The order of `to` for what it has; items of `from` alone stay before the next shared item.
  static std::vector<std::string> merged_order(const Items& from, const Items& to) {
    std::vector<std::string> shared;
    for (const std::string& element : to.order)
      if (from.at(element) != nullptr) shared.push_back(element);
    std::vector<std::string> out;
    std::size_t next = 0, l = 0, r = 0;
    while (l < from.order.size() || r < to.order.size()) {
      if (l < from.order.size() && r < to.order.size()) {
        if (from.order[l] == to.order[r]) {
          out.push_back(from.order[l]);
          ++l, ++r, ++next;
          continue;
        }
        if (to.at(from.order[l]) != nullptr && next < shared.size() && shared[next] != from.order[l]) {
          ++l;  // its turn comes with the right side
          continue;
        }
      }
      if (l < from.order.size() && to.at(from.order[l]) == nullptr) {
        out.push_back(from.order[l++]);
        continue;
      }
      if (r < to.order.size()) {
        if (next < shared.size() && shared[next] == to.order[r]) ++next;
        out.push_back(to.order[r++]);
        continue;
      }
      ++l;  // shared and already merged
    }
    return out;
  }

  Task task_;
  Comparison* found_;
  Path path_;
};

void collect(const Json& value, const Type& full, Path& path, FieldSet& out);

void collect_map(const Json& value, const MapType& type, Path& path, FieldSet& out) {
  if (type.relation == Relation::Atomic) return out.insert(path);
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    path.push_back(field_element(name));
    collect(member, or_deduced(type.member(name)), path, out);
    const bool hollow = member.is_null() || (member.is_object() && member.empty());
    if (hollow || !type.fields.contains(name)) out.insert(path);
    path.pop_back();
  }
}

void collect_list(const Json& value, const ListType& type, Path& path, FieldSet& out) {
  if (type.relation == Relation::Atomic) return out.insert(path);
  if (!value.is_array()) return;
  for (std::size_t i = 0; i < value.size(); ++i) {
    path.push_back(item_element(type, value[i]).value_or(index_element(i)));
    collect(value[i], or_deduced(type.element), path, out);
    out.insert(path);
    path.pop_back();
  }
}

void collect(const Json& value, const Type& full, Path& path, FieldSet& out) {
  const Type type = deduce(full, &value);
  if (type.map)
    collect_map(value, *type.map, path, out);
  else if (type.list && !type.scalar)
    collect_list(value, *type.list, path, out);
  else
    out.insert(path);
}

}  // namespace

Comparison Comparison::excluding(const FieldSet& ignored) const {
  if (ignored.empty()) return *this;
  return {added.without_trees(ignored), modified.without_trees(ignored), removed.without_trees(ignored)};
}

Type deduce(const Type& type, const Json* value) {
  if (value == nullptr) return type;
  if ((value->is_string() || value->is_number() || value->is_boolean()) && type.scalar)
    return {.scalar = type.scalar, .list = {}, .map = {}};
  if (value->is_array() && type.list) return {.scalar = std::nullopt, .list = type.list, .map = {}};
  if (value->is_object() && type.map) return {.scalar = std::nullopt, .list = {}, .map = type.map};
  return type;
}

tl::expected<std::string, std::string> item_element(const ListType& list, const Json& item) {
  const auto error = [](std::string text) { return tl::unexpected<std::string>(std::move(text)); };
  if (list.relation == Relation::Atomic) return error("invalid indexing of non-associative list");
  if (list.keys.empty()) {
    if (item.is_object()) return error("associative list without keys has an element that's a map type");
    if (item.is_array()) return error("not supported: associative list with lists as elements");
    if (item.is_null()) return error("associative list without keys has an element that's an explicit null");
    return value_element(item);
  }
  if (item.is_null()) return error("associative list with keys may not have a null element");
  if (!item.is_object()) return error("associative list with keys may not have non-map elements");
  const MapType* map = list.element && list.element->map ? list.element->map.get() : nullptr;
  Json keys = Json::object();
  for (const std::string& key : list.keys) {
    if (const auto value = item.find(key); value != item.end()) {
      keys[key] = *value;
      continue;
    }
    const auto field = map == nullptr ? decltype(map->fields.end()){} : map->fields.find(key);
    if (map == nullptr || field == map->fields.end() || !field->second.default_value)
      return error("associative list with keys has an element that omits key field " + go_quote(key) +
                   " (and doesn't have default value)");
    keys[key] = *field->second.default_value;
  }
  return key_element(keys);
}

FieldSet fields_of(const Json& value, const Type& type) {
  FieldSet out;
  Path path;
  collect(value, type, path, out);
  return out;
}

Comparison compare(const Json& before, const Json& after, const Type& type) {
  Comparison found;
  const TypeRef borrowed(TypeRef(), &type);
  Walker(Walker::Task::Compare, &found).walk(&before, &after, borrowed);
  return found;
}

Json merge(const Json& live, const Json& config, const Type& type) {
  const TypeRef borrowed(TypeRef(), &type);
  return Walker(Walker::Task::Merge).walk(&live, &config, borrowed).value_or(Json());
}

Json remove_items(const Json& value, const FieldSet& set, const Type& full) {
  const Type type = deduce(full, &value);
  if (type.map && value.is_object() && !value.empty() && type.map->relation == Relation::Granular) {
    Json out = Json::object();
    for (const auto& [name, member] : value.items()) {
      const std::string element = field_element(name);
      if (set.has(element)) continue;
      const FieldSet* below = set.child(element);
      out[name] =
          below == nullptr ? member : remove_items(member, *below, or_deduced(type.map->member(name)));
    }
    return out.empty() ? Json() : out;
  }
  if (type.list && value.is_array() && !value.empty() && type.list->relation == Relation::Granular) {
    Json out = Json::array();
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string element = item_element(*type.list, value[i]).value_or(index_element(i));
      if (set.has(element)) continue;
      const FieldSet* below = set.child(element);
      out.push_back(below == nullptr ? value[i]
                                     : remove_items(value[i], *below, or_deduced(type.list->element)));
    }
    return out.empty() ? Json() : out;
  }
  // Atomic and empty containers that the set reaches into are lost, as on a real server.
  return value.is_structured() && (type.map || type.list) ? Json() : value;
}

FieldSet with_named_parents(const FieldSet& set, const Type* type) {
  FieldSet out;
  for (const std::string& member : set.members()) out.insert_member(member);
  for (const auto& [element, child] : set.children()) {
    const Type* below = nullptr;
    if (element.starts_with("f:") && type != nullptr && type->map) {
      const std::string_view name = std::string_view(element).substr(2);
      if (type->map->fields.contains(name)) out.insert_member(element);
      below = type->map->member(name).get();
    } else if (element.starts_with("k:") && type != nullptr && type->list) {
      below = type->list->element.get();
    }
    out.below(element) = with_named_parents(child, below);
  }
  return out;
}

FieldSet reconciled(const FieldSet& set, const Json& live, const Type& full) {
  const Type type = deduce(full, &live);
  FieldSet out;
  for (const std::string& member : set.members()) out.insert_member(member);
  for (const auto& [element, child] : set.children()) {
    const Json* value = nullptr;
    TypeRef below;
    if (type.map && element.starts_with("f:")) {
      value = find(as_map(&live), element.substr(2));
      below = type.map->member(std::string_view(element).substr(2));
    }
    const Type inner = value == nullptr ? Type() : deduce(or_deduced(below), value);
    const bool atomic = (inner.map && inner.map->relation == Relation::Atomic) ||
                        (inner.list && inner.list->relation == Relation::Atomic);
    if (below && value != nullptr && atomic && !below->scalar)
      out.insert_member(element);  // was granular once: owned whole now
    else if (below && value != nullptr)
      out.below(element) = reconciled(child, *value, *below);
    else
      out.below(element) = child;
  }
  return out;
}

}  // namespace neoid::apply
