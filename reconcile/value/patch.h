// Patches and differences of values. Pure and thread-safe.
// Source: RFC 6901 (pointers), RFC 6902 (JSON Patch), RFC 7386 (JSON Merge Patch).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid {

// The tokens of an RFC 6901 pointer, unescaped; nullopt if it is none.
std::optional<std::vector<std::string>> split_pointer(std::string_view pointer);
std::string join_pointer(const std::vector<std::string>& tokens);
// The value there, or null.
const Json* find_pointer(const Json& value, std::string_view pointer);

// All operations or none. Invalid: the patch is malformed. NotFound: a path or `from` is not there.
// Conflict: a `test` says no.
Result<Json> apply_json_patch(Json value, const Json& patch);
Json apply_merge_patch(Json value, const Json& patch);
// The merge patch that makes `after` of `before`. What it cannot say (a null that stays) is lost, as RFC 7386
// says.
Json make_merge_patch(const Json& before, const Json& after);

struct Difference {
  std::string path;            // "spec.scopes[0].name", "metadata.labels[a/b]"; "" is the whole
  std::optional<Json> before;  // nullopt: was not there
  std::optional<Json> after;   // nullopt: is gone
  bool operator==(const Difference&) const = default;
};
// What differs, at the deepest places, sorted by path in the order of the keys; lists are compared by index.
std::vector<Difference> diff(const Json& before, const Json& after);

// "spec" + "a/b" -> "spec[a/b]", "spec" + "scopes" -> "spec.scopes": a field path, one step deeper.
std::string field_path(std::string_view parent, std::string_view key);
std::string field_path(std::string_view parent, std::size_t index);
// The names and indices of a field path; none for "" and "<nil>".
std::vector<std::string> split_field_path(std::string_view path);

}  // namespace neoid
