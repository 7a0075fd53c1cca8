// The strategic merge patch: a merge patch that knows lists by their keys, and a few directives.
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/apiserver/apply/go_text.h"
#include "controller/apiserver/apply/patch.h"
#include "controller/apiserver/apply/restore_check.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json_text.h"

namespace neoid::apply {
namespace {

constexpr const char* kDirective = "$patch";
constexpr const char* kRetainKeys = "$retainKeys";
constexpr std::string_view kSetOrder = "$setElementOrder/";
constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList/";

// How one member merges.
struct Rule {
  const Type* type = nullptr;  // of the member; null: unknown
  std::string strategy;        // "merge", "replace" or ""
  std::string key;
};

Rule rule_of(const Type* type, const std::string& name) {
  if (type == nullptr || !type->map) return {};
  const auto field = type->map->fields.find(name);
  if (field == type->map->fields.end()) return {type->map->element.get(), "", ""};
  std::string strategy = field->second.patch_strategy;
  if (strategy.starts_with("merge"))
    strategy = "merge";
  else if (strategy.starts_with("replace"))
    strategy = "replace";
  else
    strategy.clear();
  return {field->second.type.get(), strategy, field->second.patch_merge_key};
}

using Merged = Outcome<Json>;

tl::unexpected<Refusal> untyped(std::string message) { return refuse({500, std::move(message)}); }

tl::unexpected<Refusal> unknown_patch_type(const Json& directive, const Json& map) {
  return untyped(fmt::format("unknown patch type: {} in map: {}", go_print(directive), go_print(map)));
}

tl::unexpected<Refusal> no_merge_key(const Json& map, const std::string& key) {
  return untyped(fmt::format("map: {} does not contain declared merge key: {}", go_print(map), key));
}

void drop_null_members(Json& value) {
  if (value.is_object())
    for (auto at = value.begin(); at != value.end();) {
      if (at->is_null()) {
        at = value.erase(at);
      } else {
        drop_null_members(*at);
        ++at;
      }
    }
}

std::ptrdiff_t position(const Json& list, const Json& item, const std::string& key) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool same = key.empty() ? list[i] == item
                                  : list[i].is_object() && item.is_object() && list[i].contains(key) &&
                                        item.contains(key) && list[i][key] == item[key];
    if (same) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

void sort_by(Json& items, const Json& order, const std::string& key) {
  std::stable_sort(items.begin(), items.end(), [&](const Json& a, const Json& b) {
    return position(order, a, key) < position(order, b, key);
  });
}

// The patch's items in the patch's order, the server's own in theirs, the two rows laced by the server's order.
Json ordered(const Json& merged, const Json& wanted, const Json& server, const std::string& key) {
  Json mine = Json::array();
  Json others = Json::array();
  for (const Json& item : merged) (position(wanted, item, key) >= 0 ? mine : others).push_back(item);
  sort_by(mine, wanted, key);
  sort_by(others, server, key);
  Json out = Json::array();
  std::size_t i = 0, j = 0;
  while (i < mine.size() || j < others.size()) {
    bool others_first = i >= mine.size();
    if (!others_first && j < others.size()) {
      const std::ptrdiff_t a = position(server, mine[i], key);
      const std::ptrdiff_t b = position(server, others[j], key);
      others_first = a >= 0 && b >= 0 && b < a;
    }
    out.push_back(others_first ? others[j++] : mine[i++]);
  }
  return out;
}

Merged merge_map(Json original, Json patch, const Type* type);

Merged merge_scalars(const Json& original, const Json& patch, bool removes) {
  Json out = Json::array();
  for (const Json& item : original)
    if (!removes || position(patch, item, "") < 0)
      if (removes || position(out, item, "") < 0) out.push_back(item);
  if (removes) return out;
  for (const Json& item : patch)
    if (position(out, item, "") < 0) out.push_back(item);
  return ordered(out, patch, original, "");
}

Merged merge_maps_by_key(Json original, const Json& patch, const std::string& key, const Type* element) {
  if (key.empty()) return untyped("cannot merge lists without merge key");
  const Json server = original;
  Json plain = Json::array();
  bool replaces = false;
  for (const Json& item : patch) {
    if (!item.contains(kDirective)) {
      plain.push_back(item);
    } else if (item[kDirective] == "delete") {
      if (!item.contains(key)) return no_merge_key(item, key);
      for (std::ptrdiff_t at = position(original, item, key); at >= 0; at = position(original, item, key))
        original.erase(static_cast<std::size_t>(at));
    } else if (item[kDirective] == "replace") {
      replaces = true;
    } else if (item[kDirective] == "merge") {
      return untyped("merging lists cannot yet be specified in the patch");
    } else {
      return unknown_patch_type(item[kDirective], item);
    }
  }
  if (replaces) return plain;
  for (const Json& item : plain) {
    if (!item.contains(key)) return no_merge_key(item, key);
    const std::ptrdiff_t at = position(original, item, key);
    if (at < 0) {
      original.push_back(item);
      continue;
    }
    Json& found = original[static_cast<std::size_t>(at)];
    Merged merged = merge_map(found, item, element);
    if (!merged) return merged;
    found = std::move(*merged);
  }
  return ordered(original, plain, server, key);
}

Merged merge_list(const Json& original, const Json& patch, const Rule& rule, bool removes) {
  if (rule.strategy != "merge" && !removes) return patch;
  const Json& sample = original.empty() ? patch : original;
  if (sample.empty()) return original;
  for (const Json* list : {&original, &patch})
    for (const Json& item : *list)
      if (item.is_array())
        return refuse({422, "the server rejected our request due to an error in our request", "Invalid",
                       Json::object()});
  const auto is_map = [](const Json& item) { return item.is_object(); };
  if (!std::ranges::all_of(original, is_map) || !std::ranges::all_of(patch, is_map))
    return merge_scalars(original, patch, removes);
  const Type* element = rule.type != nullptr && rule.type->list ? rule.type->list->element.get() : nullptr;
  return merge_maps_by_key(original, patch, rule.key, element);
}

std::optional<Refusal> retain_keys(Json& original, Json& patch) {
  const auto sent = patch.find(kRetainKeys);
  if (sent == patch.end()) return std::nullopt;
  const Json keys = *sent;
  patch.erase(sent);
  const Refusal malformed{400, "invalid patch format of retainKeys", "BadRequest"};
  if (!keys.is_array()) return malformed;
  for (const auto& [name, value] : patch.items())
    if (!value.is_null() && !name.starts_with(kDeleteFrom) && !name.starts_with(kSetOrder) &&
        position(keys, name, "") < 0)
      return malformed;
  for (auto at = original.begin(); at != original.end();)
    at = position(keys, at.key(), "") < 0 ? original.erase(at) : std::next(at);
  return std::nullopt;
}

// Lists whose order the patch sets: merged here, and taken out of the patch.
std::optional<Refusal> set_orders(Json& original, Json& patch, const Type* type) {
  std::vector<std::string> names;
  for (const auto& [name, value] : patch.items())
    if (name.starts_with(kSetOrder)) names.push_back(name);
  for (const std::string& name : names) {
    const Json order = patch[name];
    patch.erase(name);
    if (!order.is_array()) return Refusal{400, "invalid patch format of setElementOrder list", "BadRequest"};
    const std::string field = name.substr(kSetOrder.size());
    const bool in_original = original.contains(field) && original[field].is_array();
    const bool in_patch = patch.contains(field) && patch[field].is_array();
    if (!in_original && !in_patch) continue;
    const Rule rule = rule_of(type, field);
    const Json server = in_original ? original[field] : Json::array();
    Json merged = in_original ? server : patch[field];
    if (in_original && in_patch) {
      Merged both = merge_list(server, patch[field], rule, false);
      if (!both) return both.error();
      merged = std::move(*both);
    }
    original[field] = ordered(merged, order, server, rule.key);
    patch.erase(field);
  }
  return std::nullopt;
}

Merged merge_member(const Json& original, const Json& patch, const Rule& rule, bool removes) {
  if (original.is_object() && patch.is_object())
    return rule.strategy == "replace" ? Merged(patch) : merge_map(original, patch, rule.type);
  if (original.is_array() && patch.is_array()) return merge_list(original, patch, rule, removes);
  return removes ? original : patch;
}

Merged merge_map(Json original, Json patch, const Type* type) {
  if (const auto directive = patch.find(kDirective); directive != patch.end()) {
    if (*directive == "delete") return Json::object();
    if (*directive != "replace") return unknown_patch_type(*directive, patch);
    patch.erase(directive);
    return patch;
  }
  if (std::optional<Refusal> refusal = retain_keys(original, patch)) return refuse(std::move(*refusal));
  if (std::optional<Refusal> refusal = set_orders(original, patch, type)) return refuse(std::move(*refusal));
  for (auto& [sent, value] : patch.items()) {
    const bool removes = sent.starts_with(kDeleteFrom);
    const std::string name = removes ? sent.substr(kDeleteFrom.size()) : sent;
    if (value.is_null()) {
      original.erase(name);
      continue;
    }
    const auto current = original.find(name);
    if (current == original.end()) {
      if (removes) continue;
      drop_null_members(value);
      original[name] = value;
      continue;
    }
    Merged merged = merge_member(*current, value, rule_of(type, name), removes);
    if (!merged) return merged;
    *current = std::move(*merged);
  }
  return original;
}

}  // namespace

Outcome<Json> strategic_merge(const Json& live, const Json& patch, const Type& type) {
  return merge_map(live.is_object() ? live : Json::object(), patch.is_object() ? patch : Json::object(),
                   &type);
}

Outcome<Json> strategic_merge_patch(const Json& live, std::string_view body, const Type& type) {
  Result<Json> patch = parse_json(body);
  if (!patch) return bad_request(patch.error().message);
  if (!patch->is_object() && !patch->is_null())
    return bad_request(fmt::format(
        "json: cannot unmarshal {} into Go value of type map[string]interface {{}}", go_kind(*patch)));
  Outcome<Json> merged = strategic_merge(live, *patch, type);
  if (!merged) return merged;
  const std::string error = check_restorable(*merged, type);
  if (error.empty()) return merged;
  const std::string printed = go_print(patch->is_null() ? Json::object() : *patch);
  const std::string message = fmt::format("Invalid value: {}: {}", go_quote(printed), error);
  return refuse(
      {422,
       " \"\" is invalid: patch: " + message,
       "Invalid",
       {{"causes",
         Json::array({{{"reason", "FieldValueInvalid"}, {"message", message}, {"field", "patch"}}})}}});
}

}  // namespace neoid::apply
