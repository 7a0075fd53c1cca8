#include "reconcile/value/patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace neoid {
namespace {

std::optional<std::size_t> array_index(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

// The member that a token names, or null.
const Json* step(const Json& value, const std::string& token) {
  if (value.is_object()) {
    const auto found = value.find(token);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array()) return nullptr;
  const auto index = array_index(token);
  return index && *index < value.size() ? &value[*index] : nullptr;
}

Json* walk(Json& value, const std::vector<std::string>& tokens, std::size_t count) {
  const Json* at = &value;
  for (std::size_t i = 0; i < count && at != nullptr; ++i) at = step(*at, tokens[i]);
  return const_cast<Json*>(at);  // `value` is not const
}

using Tokens = std::vector<std::string>;

tl::unexpected<Error> not_there(const Tokens& path) {
  return fail(ErrorKind::NotFound, fmt::format("there is no value at \"{}\"", join_pointer(path)));
}

// Where a value is added or taken away: its parent, which must be there.
Result<Json*> parent_of(Json& document, const Tokens& path) {
  Json* parent = walk(document, path, path.size() - 1);
  if (parent == nullptr || !parent->is_structured()) return not_there(path);
  return parent;
}

Result<void> add(Json& document, const Tokens& path, Json value) {
  if (path.empty()) {
    document = std::move(value);
    return {};
  }
  NEOID_TRY(Json * parent, parent_of(document, path));
  const std::string& last = path.back();
  if (parent->is_object()) {
    (*parent)[last] = std::move(value);
    return {};
  }
  const auto index = last == "-" ? std::optional(parent->size()) : array_index(last);
  if (!index || *index > parent->size()) return not_there(path);
  parent->insert(parent->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

Result<Json> take(Json& document, const Tokens& path) {
  if (path.empty()) return std::exchange(document, Json());
  NEOID_TRY(Json * parent, parent_of(document, path));
  Json* value = walk(*parent, {path.back()}, 1);
  if (value == nullptr) return not_there(path);
  Json taken = std::move(*value);
  if (parent->is_object())
    parent->erase(path.back());
  else
    parent->erase(*array_index(path.back()));
  return taken;
}

Result<Tokens> path_member(const Json& operation, const char* name) {
  const auto member = operation.find(name);
  if (member == operation.end() || !member->is_string())
    return fail(ErrorKind::Invalid, fmt::format("an operation of a JSON patch needs the text \"{}\"", name));
  auto tokens = split_pointer(member->get_ref<const std::string&>());
  if (!tokens)
    return fail(ErrorKind::Invalid,
                fmt::format("\"{}\" is not a JSON pointer", member->get_ref<const std::string&>()));
  return std::move(*tokens);
}

Result<const Json*> value_member(const Json& operation) {
  const auto member = operation.find("value");
  if (member == operation.end())
    return fail(ErrorKind::Invalid, "this operation of a JSON patch needs a \"value\"");
  return &*member;
}

bool is_prefix(const Tokens& prefix, const Tokens& path) {
  return prefix.size() < path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

Result<void> apply(Json& document, const Json& operation) {
  if (!operation.is_object())
    return fail(ErrorKind::Invalid, "an operation of a JSON patch must be an object");
  const std::string op = operation.contains("op") && operation["op"].is_string() ? operation["op"] : Json("");
  NEOID_TRY(const Tokens path, path_member(operation, "path"));
  if (op == "add") {
    NEOID_TRY(const Json* value, value_member(operation));
    return add(document, path, *value);
  }
  if (op == "remove") {
    NEOID_TRY_VOID(take(document, path));
    return {};
  }
  if (op == "replace") {
    NEOID_TRY(const Json* value, value_member(operation));
    Json* target = walk(document, path, path.size());
    if (target == nullptr) return not_there(path);
    *target = *value;
    return {};
  }
  if (op == "test") {
    NEOID_TRY(const Json* value, value_member(operation));
    const Json* target = walk(document, path, path.size());
    if (target == nullptr) return not_there(path);
    if (*target != *value)
      return fail(ErrorKind::Conflict, fmt::format("the value at \"{}\" is another", join_pointer(path)));
    return {};
  }
  if (op != "move" && op != "copy")
    return fail(ErrorKind::Invalid, fmt::format("a JSON patch knows no operation \"{}\"", op));
  NEOID_TRY(const Tokens from, path_member(operation, "from"));
  if (op == "copy") {
    const Json* source = walk(document, from, from.size());
    if (source == nullptr) return not_there(from);
    return add(document, path, *source);
  }
  if (is_prefix(from, path)) return fail(ErrorKind::Invalid, "a value cannot be moved into itself");
  NEOID_TRY(Json moved, take(document, from));
  return add(document, path, std::move(moved));
}

void diff_into(const Json& before, const Json& after, const std::string& path, std::vector<Difference>& out) {
  if (before.is_object() && after.is_object()) {
    auto a = before.begin();
    auto b = after.begin();
    while (a != before.end() || b != after.end()) {
      if (b == after.end() || (a != before.end() && a.key() < b.key())) {
        out.push_back({field_path(path, a.key()), *a, std::nullopt});
        ++a;
      } else if (a == before.end() || b.key() < a.key()) {
        out.push_back({field_path(path, b.key()), std::nullopt, *b});
        ++b;
      } else {
        diff_into(*a, *b, field_path(path, a.key()), out);
        ++a;
        ++b;
      }
    }
    return;
  }
  if (before.is_array() && after.is_array()) {
    const std::size_t common = std::min(before.size(), after.size());
    for (std::size_t i = 0; i < common; ++i) diff_into(before[i], after[i], field_path(path, i), out);
    for (std::size_t i = common; i < before.size(); ++i)
      out.push_back({field_path(path, i), before[i], std::nullopt});
    for (std::size_t i = common; i < after.size(); ++i)
      out.push_back({field_path(path, i), std::nullopt, after[i]});
    return;
  }
  if (before != after) out.push_back({path, before, after});
}

void merge(Json& value, const Json& patch) {
  if (!patch.is_object()) {
    value = patch;
    return;
  }
  if (!value.is_object()) value = Json::object();
  for (const auto& [key, item] : patch.items()) {
    if (item.is_null())
      value.erase(key);
    else
      merge(value[key], item);
  }
}

}  // namespace

std::optional<std::vector<std::string>> split_pointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') return std::nullopt;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] != '~') {
      tokens.back() += pointer[i];
    } else {
      const char escaped = i + 1 < pointer.size() ? pointer[++i] : '\0';
      if (escaped != '0' && escaped != '1') return std::nullopt;
      tokens.back() += escaped == '0' ? '~' : '/';
    }
  }
  return tokens;
}

std::string join_pointer(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    out += '/';
    for (const char c : token) {
      if (c == '~')
        out += "~0";
      else if (c == '/')
        out += "~1";
      else
        out += c;
    }
  }
  return out;
}

const Json* find_pointer(const Json& value, std::string_view pointer) {
  const auto tokens = split_pointer(pointer);
  if (!tokens) return nullptr;
  const Json* at = &value;
  for (const std::string& token : *tokens) {
    at = step(*at, token);
    if (at == nullptr) return nullptr;
  }
  return at;
}

Result<Json> apply_json_patch(Json value, const Json& patch) {
  if (!patch.is_array()) return fail(ErrorKind::Invalid, "a JSON patch must be an array of operations");
  for (std::size_t i = 0; i < patch.size(); ++i)
    if (auto applied = apply(value, patch[i]); !applied)
      return fail(wrap(fmt::format("operation {}", i), std::move(applied).error()));
  return value;
}

Json apply_merge_patch(Json value, const Json& patch) {
  merge(value, patch);
  return value;
}

Json make_merge_patch(const Json& before, const Json& after) {
  if (!before.is_object() || !after.is_object()) return after;
  Json patch = Json::object();
  for (const auto& [key, item] : before.items())
    if (!after.contains(key)) patch[key] = nullptr;
  for (const auto& [key, item] : after.items()) {
    const auto old = before.find(key);
    if (old == before.end())
      patch[key] = item;
    else if (*old != item)
      patch[key] = make_merge_patch(*old, item);
  }
  return patch;
}

std::vector<Difference> diff(const Json& before, const Json& after) {
  std::vector<Difference> out;
  diff_into(before, after, "", out);
  return out;
}

std::string field_path(std::string_view parent, std::string_view key) {
  if (key.find_first_of("./[]") != std::string_view::npos || key.empty())
    return fmt::format("{}[{}]", parent, key);
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string field_path(std::string_view parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

std::vector<std::string> split_field_path(std::string_view path) {
  std::vector<std::string> tokens;
  if (path == "<nil>") return tokens;
  while (!path.empty()) {
    if (path[0] == '[') {
      const std::size_t end = path.find(']');
      if (end == std::string_view::npos) break;
      tokens.emplace_back(path.substr(1, end - 1));
      path.remove_prefix(end + 1);
    } else {
      if (path[0] == '.') path.remove_prefix(1);
      const std::size_t end = std::min(path.find_first_of(".["), path.size());
      tokens.emplace_back(path.substr(0, end));
      path.remove_prefix(end);
    }
  }
  return tokens;
}

}  // namespace neoid
