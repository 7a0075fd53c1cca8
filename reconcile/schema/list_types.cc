#include "reconcile/schema/list_types.h"

#include <algorithm>
#include <string>

#include "reconcile/schema/walk.h"

namespace neoid::schema::internal {
namespace {

// The indices at which a value stands for the second time. Equal means equal in Go: 1 and 1.0 differ.
std::vector<std::size_t> repeated(const std::vector<const Json*>& values) {
  constexpr std::size_t kFew = 16;
  std::vector<std::size_t> out;
  if (values.size() <= kFew) {
    for (std::size_t i = 1; i < values.size(); ++i) {
      std::size_t before = 0;
      for (std::size_t j = 0; j < i; ++j)
        if (values[j]->type() == values[i]->type() && *values[j] == *values[i]) ++before;
      if (before == 1) out.push_back(i);
    }
    return out;
  }
  std::vector<std::pair<std::string, std::size_t>> texts;
  texts.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    texts.emplace_back(values[i]->dump(-1, ' ', false, Json::error_handler_t::replace), i);
  std::sort(texts.begin(), texts.end());
  for (std::size_t i = 1; i < texts.size(); ++i) {
    const bool again = texts[i].first == texts[i - 1].first;
    if (again && (i == 1 || texts[i].first != texts[i - 2].first)) out.push_back(texts[i].second);
  }
  std::sort(out.begin(), out.end());
  return out;
}

FieldError duplicate(const Path& path, std::size_t i, const Json& value) {
  return {FieldErrorType::Duplicate, Path::index(path, i).text(), go_value(value), ""};
}

void validate_set(const Json::array_t& list, const Path& path, std::vector<FieldError>& errors) {
  std::vector<const Json*> values;
  values.reserve(list.size());
  for (const Json& item : list) values.push_back(&item);
  for (const std::size_t i : repeated(values)) errors.push_back(duplicate(path, i, list[i]));
}

void validate_map(const Structural& schema, const Json::array_t& list, const Path& path,
                  std::vector<FieldError>& errors) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!list[i].is_object() && !list[i].is_null()) {
      errors.push_back({FieldErrorType::Invalid, Path::index(path, i).text(), go_value(list[i]),
                        "must be an object for an array of list-type map"});
      return;
    }
  if (list.size() <= 1) return;
  std::vector<Json> keys;
  keys.reserve(list.size());
  for (const Json& item : list) {
    Json key = Json::object();
    if (item.is_object())
      for (const std::string& name : schema.list_keys)
        if (const auto it = item.find(name); it != item.end()) key[name] = *it;
    keys.push_back(std::move(key));
  }
  std::vector<const Json*> values;
  values.reserve(keys.size());
  for (const Json& key : keys) values.push_back(&key);
  for (const std::size_t i : repeated(values)) errors.push_back(duplicate(path, i, keys[i]));
}

}  // namespace

void validate_lists(const Node& node, const Json& value, const Path& path, std::vector<FieldError>& errors) {
  if (!node.lists_below) return;
  if (value.is_object()) {
    for_each_known_member(
        value.get_ref<const Json::object_t&>(), node,
        [&](const std::string& key, const Json& member, const Node& child, Member kind) {
          validate_lists(child, member,
                         kind == Member::Property ? Path::child(path, key) : Path::key(path, key), errors);
        });
    return;
  }
  if (!value.is_array()) return;
  const auto& list = value.get_ref<const Json::array_t&>();
  switch (node.schema->list_type.value_or(ListType::Atomic)) {
    case ListType::Atomic: break;
    case ListType::Set: validate_set(list, path, errors); break;
    case ListType::Map: validate_map(*node.schema, list, path, errors); break;
  }
  if (node.items)
    for (std::size_t i = 0; i < list.size(); ++i)
      validate_lists(*node.items, list[i], Path::index(path, i), errors);
}

}  // namespace neoid::schema::internal
