// Media types, JSON patch and merge patch. The strategic merge patch has a file of its own.
#include "controller/apiserver/apply/patch.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/apiserver/apply/go_text.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json_text.h"

namespace neoid::apply {
namespace {

constexpr std::size_t kMaxOperations = 10'000;

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

Refusal unprocessable() {
  return {422, "the server rejected our request due to an error in our request", "Invalid", Json::object()};
}

// What the decoder of custom objects says of a patch that took their type away.
std::optional<Refusal> check_type_meta(const Json& patched) {
  const auto text_of = [&](const char* name) {
    const Json* value = patched.is_object() ? member(patched, name) : nullptr;
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
  };
  if (text_of("kind").empty()) {
    const std::string text = to_json(patched);
    const std::string message =
        fmt::format("Invalid value: {}: Object 'Kind' is missing in '{}'", go_quote(text), text);
    return Refusal{
        422,
        " \"\" is invalid: patch: " + message,
        "Invalid",
        {{"causes",
          Json::array({{{"reason", "FieldValueInvalid"}, {"message", message}, {"field", "patch"}}})}}};
  }
  if (text_of("apiVersion").empty()) {
    const std::string message = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
    return Refusal{500,
                   "Internal error occurred: " + message,
                   "InternalError",
                   {{"causes", Json::array({{{"message", message}}})}}};
  }
  return std::nullopt;
}

Outcome<Json> checked(Json patched, Served served) {
  if (served == Served::Custom)
    if (std::optional<Refusal> refusal = check_type_meta(patched)) return refuse(std::move(*refusal));
  return patched;
}

Outcome<Json> decoded(std::string_view body) {
  Result<Json> read = parse_json(body);
  if (!read) return bad_request("error decoding patch: " + read.error().message);
  return std::move(*read);
}

// The JSON patches of the library that the server uses: one leading token is dropped unseen, a missing member can
// be replaced, a missing value is null, indices may count from the end.
class JsonPatcher {
 public:
  explicit JsonPatcher(Json document) : document_(std::move(document)) {}
  Json take() { return std::move(document_); }

  bool apply(const Json& operation) {
    const auto text_of = [&](const char* name) -> std::optional<std::string> {
      const Json* value = member(operation, name);
      if (value == nullptr || !value->is_string()) return std::nullopt;
      return value->get<std::string>();
    };
    const std::string op = text_of("op").value_or("");
    const std::optional<std::string> path = text_of("path");
    if (!path) return false;
    const Json* sent = member(operation, "value");
    Json value = sent == nullptr ? Json() : *sent;
    if (op == "add") return add(*path, std::move(value));
    if (op == "remove") return remove(*path);
    if (op == "replace") return replace(*path, std::move(value));
    if (op == "test") return test(*path, value);
    const std::optional<std::string> from = text_of("from");
    if (!from || (op != "move" && op != "copy")) return false;
    const Json* source = nullptr;
    if (!get(*from, source)) return false;
    Json moved = source == nullptr ? Json() : *source;
    if (op == "move" && !remove(*from)) return false;
    return add(*path, std::move(moved));
  }

 private:
  struct Place {
    Json* parent = nullptr;
    std::string key;
  };

  static std::string unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
      if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1'))
        out.push_back(token[++i] == '0' ? '~' : '/');
      else
        out.push_back(token[i]);
    }
    return out;
  }

  static std::optional<long> number(std::string_view text) {
    long out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return out;
  }

  // An index into what is there; negative ones count from the end.
  static std::optional<std::size_t> index(const Json& list, const std::string& key) {
    const std::optional<long> at = number(key);
    const auto size = static_cast<long>(list.size());
    if (!at || *at >= size || *at < -size) return std::nullopt;
    return static_cast<std::size_t>(*at < 0 ? *at + size : *at);
  }

  Json* step(Json& value, const std::string& key) {
    if (value.is_object()) {
      const auto found = value.find(key);
      return found == value.end() ? nullptr : &*found;
    }
    if (!value.is_array()) return nullptr;
    const std::optional<std::size_t> at = index(value, key);
    return at ? &value[*at] : nullptr;
  }

  std::optional<Place> find(const std::string& path) {
    std::vector<std::string> tokens;
    for (std::size_t start = 0;;) {
      const std::size_t slash = path.find('/', start);
      tokens.push_back(unescaped(
          std::string_view(path).substr(start, slash == std::string::npos ? slash : slash - start)));
      if (slash == std::string::npos) break;
      start = slash + 1;
    }
    if (tokens.size() < 2) return std::nullopt;
    Json* at = &document_;
    for (std::size_t i = 1; i + 1 < tokens.size(); ++i) {
      at = step(*at, tokens[i]);
      if (at == nullptr || !at->is_structured()) return std::nullopt;
    }
    return Place{at, tokens.back()};
  }

  // true with null: an object without that member.
  bool get(const std::string& path, const Json*& out) {
    const std::optional<Place> place = find(path);
    if (!place) return false;
    out = step(*place->parent, place->key);
    return out != nullptr || place->parent->is_object();
  }

  bool add(const std::string& path, Json value) {
    const std::optional<Place> place = find(path);
    if (!place) return false;
    Json& parent = *place->parent;
    if (parent.is_object()) {
      parent[place->key] = std::move(value);
      return true;
    }
    if (place->key == "-") {
      parent.push_back(std::move(value));
      return true;
    }
    const std::optional<long> at = number(place->key);
    const auto size = static_cast<long>(parent.size());
    if (!at || *at > size || *at < -(size + 1)) return false;
    parent.insert(parent.begin() + (*at < 0 ? *at + size + 1 : *at), std::move(value));
    return true;
  }

  bool remove(const std::string& path) {
    const std::optional<Place> place = find(path);
    if (!place) return false;
    Json& parent = *place->parent;
    if (parent.is_object()) return parent.erase(place->key) > 0;
    const std::optional<std::size_t> at = index(parent, place->key);
    if (at) parent.erase(*at);
    return at.has_value();
  }

  bool replace(const std::string& path, Json value) {
    if (path.empty()) {
      if (!value.is_structured()) return false;
      document_ = std::move(value);
      return true;
    }
    const std::optional<Place> place = find(path);
    if (!place) return false;
    if (place->parent->is_object()) {
      (*place->parent)[place->key] = std::move(value);
      return true;
    }
    Json* at = step(*place->parent, place->key);
    if (at != nullptr) *at = std::move(value);
    return at != nullptr;
  }

  bool test(const std::string& path, const Json& wanted) {
    if (path.empty()) return document_ == wanted;
    const Json* value = nullptr;
    if (!get(path, value)) return false;
    return value == nullptr ? wanted.is_null() : *value == wanted;
  }

  Json document_;
};

// The form of every operation, as the typed decoder sees it first.
std::optional<Refusal> check_operations(const Json& patch) {
  const auto cannot = [](const std::string& what, const std::string& into) {
    return Refusal{400, fmt::format("error decoding patch: json: cannot unmarshal {} into Go {}", what, into),
                   "BadRequest"};
  };
  if (!patch.is_array()) return cannot(go_kind(patch), "value of type []handlers.jsonPatchOp");
  for (const Json& operation : patch) {
    if (operation.is_null()) continue;
    if (!operation.is_object()) return cannot(go_kind(operation), "value of type handlers.jsonPatchOp");
    for (const auto& [name, value] : operation.items())
      if ((name == "op" || name == "path" || name == "from") && !value.is_string() && !value.is_null())
        return cannot(go_kind(value), "struct field jsonPatchOp." + name + " of type string");
  }
  return std::nullopt;
}

// Nulls inside what a merge patch adds are gone, not stored.
void drop_nulls(Json& value) {
  if (value.is_object()) {
    for (auto at = value.begin(); at != value.end();) at = at->is_null() ? value.erase(at) : std::next(at);
  }
  if (value.is_structured())
    for (Json& item : value) drop_nulls(item);
}

void merge_into(Json& target, const Json& patch) {
  for (const auto& [name, value] : patch.items()) {
    const auto current = target.find(name);
    if (value.is_null()) {
      target.erase(name);
    } else if (current == target.end() || !current->is_object()) {
      Json added = value;
      drop_nulls(added);
      target[name] = std::move(added);
    } else if (value.is_object()) {
      merge_into(*current, value);
    } else {
      *current = value;
    }
  }
}

}  // namespace

Outcome<PatchKind> patch_kind(std::string_view content_type, Served served) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type == "application/json-patch+json") return PatchKind::Json;
  if (type == "application/merge-patch+json") return PatchKind::Merge;
  if (type == "application/apply-patch+yaml") return PatchKind::Apply;
  if (served == Served::Custom)
    return refuse({415,
                   "the body of the request was in an unknown format - accepted media types include: "
                   "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
                   "UnsupportedMediaType"});
  if (type == "application/strategic-merge-patch+json") return PatchKind::Strategic;
  return refuse({415, "415: Unsupported Media Type", "UnsupportedMediaType", Json::object()});
}

Outcome<Json> json_patch(const Json& live, std::string_view body, Served served) {
  Outcome<Json> patch = decoded(body);
  if (!patch) return patch;
  if (patch->is_null()) return checked(live, served);
  if (std::optional<Refusal> refusal = check_operations(*patch)) return refuse(std::move(*refusal));
  if (patch->size() > kMaxOperations)
    return refuse(
        {413,
         fmt::format("Request entity too large: The allowed maximum operations in a JSON patch is {}, got {}",
                     kMaxOperations, patch->size()),
         "RequestEntityTooLarge"});
  JsonPatcher patcher(live);
  for (const Json& operation : *patch)
    if (!operation.is_object() || !patcher.apply(operation)) return refuse(unprocessable());
  return checked(patcher.take(), served);
}

Outcome<Json> merge_patch(const Json& live, std::string_view body, Served served) {
  Outcome<Json> patch = decoded(body);
  if (!patch) return patch;
  if (patch->is_null()) return bad_request("Invalid JSON Patch");
  if (!patch->is_object())
    return bad_request(fmt::format(
        "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
        go_kind(*patch)));
  Json patched = live;
  merge_into(patched, *patch);
  return checked(std::move(patched), served);
}

}  // namespace neoid::apply
