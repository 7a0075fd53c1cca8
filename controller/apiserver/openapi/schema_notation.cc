#include "controller/apiserver/openapi/schema_notation.h"

#include <charconv>
#include <utility>

#include "reconcile/base/check.h"

namespace neoid::openapi {
namespace {

constexpr std::string_view kMetaDefinitions = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr std::string_view kTypeMeta[2][2] = {
    {"apiVersion", "The version of this representation of the object."},
    {"kind", "The kind of resource that this object is."},
};

// The next word, cut off the line.
std::string_view word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view out = line.substr(0, line.find(' '));
  line.remove_prefix(out.size());
  return out;
}

std::string_view description(std::string_view& line) {
  const std::size_t open = line.find('"');
  if (open == std::string_view::npos || !line.ends_with('"')) return {};
  // A default may hold quotes: a description is what stands last and begins after a space.
  const std::size_t start = line.rfind(" \"");
  if (start == std::string_view::npos) return {};
  const std::string_view out = line.substr(start + 2, line.size() - start - 3);
  line = line.substr(0, start);
  return out;
}

Json name_list(std::string_view text) {
  Json out = Json::array();
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    out.push_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

std::string_view in_parentheses(std::string_view mark) {
  const std::size_t open = mark.find('(');
  return open == std::string_view::npos ? std::string_view() : mark.substr(open + 1, mark.size() - open - 2);
}

void apply_mark(std::string_view mark, Json& property) {
  const std::string_view inner = in_parentheses(mark);
  const std::string_view head = mark.substr(0, mark.find('('));
  if (mark.starts_with('=')) {
    property["default"] = Json::parse(mark.substr(1), nullptr, false);
  } else if (head == "map") {
    property["x-kubernetes-list-type"] = "map";
    property["x-kubernetes-list-map-keys"] = name_list(inner);
  } else if (head == "set") {
    property["x-kubernetes-list-type"] = "set";
  } else if (head == "atomic") {
    property[property.value("type", "") == "array" ? "x-kubernetes-list-type" : "x-kubernetes-map-type"] =
        "atomic";
  } else {
    property["x-kubernetes-patch-strategy"] = head;
    if (!inner.empty()) property["x-kubernetes-patch-merge-key"] = inner;
  }
}

Json group_version_kind(const std::string& group, const std::string& version, const std::string& kind) {
  return Json::array({{{"group", group}, {"version", version}, {"kind", kind}}});
}

Json text_property(std::string_view text) { return {{"type", "string"}, {"description", text}}; }

std::string version_of(const std::string& package) { return package.substr(package.rfind('.') + 1); }

}  // namespace

void Notation::add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    if (line.starts_with("  ")) {
      field_line(line);
      continue;
    }
    const std::string_view what = word(line);
    if (what == "type") {
      type_line(line);
    } else {
      NEOID_CHECK(what == "package");
      package_ = word(line);
      group_ = word(line);
      if (group_ == "\"\"") group_.clear();
      const std::string whole = package_.substr(0, package_.rfind('.'));
      packages_[whole.substr(whole.rfind('.') + 1)] = package_;
    }
  }
}

void Notation::type_line(std::string_view line) {
  const std::string_view text = description(line);
  const std::string name(word(line));
  type_ = package_ + "." + name;
  Json schema = {{"type", "object"}};
  if (!text.empty()) schema["description"] = text;
  fields_[type_];
  for (std::string_view mark = word(line); !mark.empty(); mark = word(line)) {
    if (mark == "atomic") {
      schema["x-kubernetes-map-type"] = "atomic";
      continue;
    }
    for (const auto& [member, about] : kTypeMeta)
      schema["properties"][std::string(member)] = text_property(about);
    schema["x-kubernetes-group-version-kind"] = group_version_kind(group_, version_of(package_), name);
    kinds_[group_ + "/" + version_of(package_) + "/" + name] = type_;
    if (mark == "kind") schema["x-neoid-list"] = true;  // finish() makes the list and takes the mark away
  }
  definitions_[type_] = std::move(schema);
}

std::string Notation::complete(const std::string& name) const {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return package_ + "." + name;
  const auto found = packages_.find(name.substr(0, dot));
  return (found == packages_.end() ? "io.k8s.api." + name.substr(0, dot) + ".v1" : found->second) +
         name.substr(dot);
}

Json Notation::schema_of(const std::string& type) const {
  const auto reference = [](const std::string& name) { return Json{{"$ref", "#/definitions/" + name}}; };
  if (type.starts_with('['))
    return {{"type", "array"}, {"items", schema_of(type.substr(1, type.size() - 2))}};
  if (type.starts_with('{'))
    return {{"type", "object"}, {"additionalProperties", schema_of(type.substr(1, type.size() - 2))}};
  if (type == "string" || type == "duration") return {{"type", "string"}};
  if (type == "bytes") return {{"type", "string"}, {"format", "byte"}};
  if (type == "bool") return {{"type", "boolean"}};
  if (type == "int32" || type == "int64") return {{"type", "integer"}, {"format", type}};
  if (type == "double") return {{"type", "number"}, {"format", "double"}};
  if (type == "any") return Json::object();
  if (type == "time") return reference(std::string(kMetaDefinitions) + "Time");
  if (type == "microtime") return reference(std::string(kMetaDefinitions) + "MicroTime");
  if (type == "FieldsV1") return reference(std::string(kMetaDefinitions) + "FieldsV1");
  if (type == "raw") return reference("io.k8s.apimachinery.pkg.runtime.RawExtension");
  if (type == "quantity") return reference("io.k8s.apimachinery.pkg.api.resource.Quantity");
  if (type == "intorstring") return reference("io.k8s.apimachinery.pkg.util.intstr.IntOrString");
  return reference(type);
}

void Notation::field_line(std::string_view line) {
  const std::string_view text = description(line);
  Field field;
  field.name = word(line);
  const std::string_view number = word(line);
  std::from_chars(number.data(), number.data() + number.size(), field.number);
  field.type = word(line);
  // Names of types begin with a capital, or are another package's: they become complete.
  const std::size_t name = field.type.find_first_not_of("[{");
  const bool named =
      (field.type[name] >= 'A' && field.type[name] <= 'Z' && !field.type.ends_with("FieldsV1")) ||
      field.type.find('.') != std::string::npos;
  if (named) {
    const std::size_t end = field.type.find_first_of("]}");
    const std::string inner = field.type.substr(name, end == std::string::npos ? end : end - name);
    field.type = field.type.substr(0, name) + complete(inner) +
                 (end == std::string::npos ? "" : field.type.substr(end));
  }
  Json& schema = definitions_[type_];
  Json property = schema_of(field.type);
  if (!text.empty()) property["description"] = text;
  for (std::string_view mark = word(line); !mark.empty(); mark = word(line)) {
    if (mark == "!")
      schema["required"].push_back(field.name);
    else if (mark == "inline")
      field.is_inline = true;
    else
      apply_mark(mark, property);
  }
  if (!field.is_inline) schema["properties"][field.name] = std::move(property);
  fields_[type_].push_back(std::move(field));
}

void Notation::inline_members() {
  for (const auto& [type, fields] : fields_)
    for (const Field& field : fields) {
      if (!field.is_inline) continue;
      const Json& inner = definitions_.at(field.type);
      if (const auto members = inner.find("properties"); members != inner.end())
        for (const auto& [name, property] : members->items())
          definitions_[type]["properties"][name] = property;
      if (const auto required = inner.find("required"); required != inner.end())
        for (const Json& name : *required) definitions_[type]["required"].push_back(name);
    }
}

void Notation::finish() {
  inline_members();
  const auto named = [&](std::string_view name, Json schema) {
    definitions_[std::string(kMetaDefinitions) + std::string(name)] = std::move(schema);
  };
  named("Time",
        {{"type", "string"}, {"format", "date-time"}, {"description", "A time of RFC 3339, in seconds."}});
  named(
      "MicroTime",
      {{"type", "string"}, {"format", "date-time"}, {"description", "A time of RFC 3339, in microseconds."}});
  named("FieldsV1", {{"type", "object"}, {"description", "A set of fields as a tree of JSON."}});
  named("Patch", {{"type", "object"},
                  {"description", "The change that is asked for, in the form of its media type."}});
  definitions_["io.k8s.apimachinery.pkg.runtime.RawExtension"] = {{"type", "object"}};
  definitions_["io.k8s.apimachinery.pkg.version.Info"] = {{"type", "object"},
                                                          {"description", "The server's version."}};
  definitions_["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {
      {"type", "string"}, {"description", "A number with a unit, such as 100m or 1Gi."}};
  definitions_["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {
      {"type", "string"}, {"format", "int-or-string"}, {"description", "A number or a string."}};
  for (const auto& [path, type] : kinds_) {
    Json& schema = definitions_[type];
    if (schema.erase("x-neoid-list") == 0) continue;
    const std::string kind = path.substr(path.rfind('/') + 1) + "List";
    const std::string group = path.substr(0, path.find('/'));
    const std::string package = type.substr(0, type.rfind('.'));
    definitions_[package + "." + kind] = {
        {"type", "object"},
        {"description", "A list of " + kind.substr(0, kind.size() - 4) + " objects."},
        {"required", {"items"}},
        {"properties",
         {{"apiVersion", text_property(kTypeMeta[0][1])},
          {"kind", text_property(kTypeMeta[1][1])},
          {"items",
           {{"type", "array"},
            {"description", "The objects."},
            {"items", {{"$ref", "#/definitions/" + type}}}}},
          {"metadata",
           {{"$ref", "#/definitions/" + std::string(kMetaDefinitions) + "ListMeta"},
            {"description", "Standard metadata of the list."},
            {"default", Json::object()}}}}},
        {"x-kubernetes-group-version-kind", group_version_kind(group, version_of(package), kind)}};
  }
}

std::string Notation::kind(std::string_view group, std::string_view version, std::string_view kind) const {
  const auto found = kinds_.find(std::string(group) + "/" + std::string(version) + "/" + std::string(kind));
  return found == kinds_.end() ? std::string() : found->second;
}

const std::vector<Field>* Notation::fields(std::string_view definition) const {
  const auto found = fields_.find(definition);
  return found == fields_.end() ? nullptr : &found->second;
}

}  // namespace neoid::openapi
