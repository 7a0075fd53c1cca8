#include "controller/apiserver/openapi/paths.h"

#include <map>
#include <utility>

namespace neoid::openapi {
namespace {

constexpr std::string_view kMetaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";

struct Parameter {
  const char* name;
  const char* type;
  const char* description;
};

constexpr Parameter kListParameters[] = {
    {"allowWatchBookmarks", "boolean", "Whether a watch may send events that only tell how far it is."},
    {"continue", "string", "Where to go on: the token of the page before."},
    {"fieldSelector", "string", "Only objects whose fields have these values."},
    {"labelSelector", "string", "Only objects whose labels match."},
    {"limit", "integer", "The most objects of one page."},
    {"resourceVersion", "string", "Which state is asked for."},
    {"resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."},
    {"timeoutSeconds", "integer", "When the server ends the answer."},
    {"watch", "boolean", "A stream of changes in place of the list."},
};
constexpr Parameter kWriteParameters[] = {
    {"dryRun", "string", "All: everything but storing."},
    {"fieldManager", "string", "Who writes, for managedFields."},
    {"fieldValidation", "string", "What to do about unknown and duplicate fields: Ignore, Warn or Strict."},
};
constexpr Parameter kForce = {"force", "boolean", "An apply takes over what others own."};
constexpr Parameter kDeleteParameters[] = {
    {"dryRun", "string", "All: everything but storing."},
    {"gracePeriodSeconds", "integer", "Seconds that the object is given to end."},
    {"orphanDependents", "boolean", "Out of use: propagationPolicy says it."},
    {"propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground."},
};
constexpr Parameter kVersion = {"resourceVersion", "string", "Which state is asked for."};
constexpr Parameter kPretty = {"pretty", "string", "true: with line breaks."};

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// golden.example.com -> GoldenExampleCom; rbac.authorization.k8s.io -> RbacAuthorization.
std::string group_words(std::string group) {
  if (group.empty()) return "Core";
  if (group.ends_with(".k8s.io")) group.resize(group.size() - 7);
  std::string out;
  while (!group.empty()) {
    const std::size_t dot = group.find('.');
    out += capitalised(group.substr(0, dot));
    group = dot == std::string::npos ? "" : group.substr(dot + 1);
  }
  return out;
}

class PathMaker {
 public:
  PathMaker(const PathResource& resource, Format format) : of_(resource), format_(format) {
    root_ = (of_.group.empty() ? "/api/" : "/apis/" + of_.group + "/") + of_.version + "/";
    words_ = group_words(of_.group);
    tag_ = words_ + "_" + of_.version;
    tag_[0] = static_cast<char>(tag_[0] - 'A' + 'a');
    place_ = of_.namespaced ? "Namespaced" : "";
  }

  void add(Json& paths) {
    const std::string collection = root_ + (of_.namespaced ? "namespaces/{namespace}/" : "") + of_.plural;
    paths[collection] = collection_item();
    if (of_.create_only) return;
    if (of_.namespaced) paths[root_ + of_.plural] = everywhere_item();
    paths[collection + "/{name}"] = object_item();
    for (const std::string& subresource : of_.subresources)
      paths[collection + "/{name}/" + subresource] = subresource_item(subresource);
  }

 private:
  std::string reference(std::string_view name) const {
    return (format_ == Format::V2 ? "#/definitions/" : "#/components/schemas/") + std::string(name);
  }
  Json schema_of(std::string_view name) const { return {{"$ref", reference(name)}}; }

  Json parameter(const Parameter& from, const char* in) const {
    Json out = {{"name", from.name}, {"in", in}, {"description", from.description}};
    if (std::string_view(in) == "path") out["required"] = true;
    Json type = {{"type", from.type}, {"uniqueItems", true}};
    if (format_ == Format::V2)
      out.update(type);
    else
      out["schema"] = std::move(type);
    return out;
  }

  template <class List>
  Json parameters(const List& list) const {
    Json out = Json::array();
    for (const Parameter& item : list) out.push_back(parameter(item, "query"));
    return out;
  }

  Json path_parameters(bool named) const {
    Json out = Json::array();
    if (named) out.push_back(parameter({"name", "string", "Name of the object."}, "path"));
    if (of_.namespaced) out.push_back(parameter({"namespace", "string", "Namespace of the object."}, "path"));
    out.push_back(parameter(kPretty, "query"));
    return out;
  }

  std::vector<std::string> media_types(bool list) const {
    std::vector<std::string> out = {"application/json", "application/yaml"};
    if (!of_.custom) out.push_back("application/vnd.kubernetes.protobuf");
    if (!of_.custom && list) {
      out.push_back("application/json;stream=watch");
      out.push_back("application/vnd.kubernetes.protobuf;stream=watch");
    }
    return out;
  }

  std::vector<std::string> patch_types() const {
    std::vector<std::string> out = {"application/json-patch+json", "application/merge-patch+json",
                                    "application/apply-patch+yaml"};
    if (!of_.custom) out.insert(out.begin() + 2, "application/strategic-merge-patch+json");
    return out;
  }

  Json content(const std::vector<std::string>& types, std::string_view definition) const {
    Json out = Json::object();
    for (const std::string& type : types) out[type] = {{"schema", schema_of(definition)}};
    return out;
  }

  struct Call {
    std::string verb;    // of the operationId: "list"
    std::string action;  // x-kubernetes-action
    std::string suffix = {};
    Json parameters = Json::array();
    std::string body = {};  // definition
    bool body_required = true;
    std::vector<std::string> body_types = {};
    std::string answer = {};
    std::vector<int> codes = {200};
  };

  Json operation(const Call& call) const {
    Json out = {{"tags", {tag_}},
                {"description", call.verb + " " + of_.kind},
                {"operationId", call.verb + words_ + capitalised(of_.version) + call.suffix},
                {"x-kubernetes-action", call.action},
                {"x-kubernetes-group-version-kind",
                 {{"group", of_.group}, {"version", of_.version}, {"kind", of_.kind}}}};
    Json parameters = call.parameters;
    const auto types = media_types(call.action == "list");
    const auto body_types = call.body_types.empty()
                                ? std::vector<std::string>{"application/json", "application/yaml"}
                                : call.body_types;
    if (format_ == Format::V2) {
      out["schemes"] = {"https"};
      out["produces"] = types;
      out["consumes"] = of_.custom || !call.body_types.empty() ? Json(body_types) : Json::array({"*/*"});
      if (!call.body.empty()) {
        Json body = {{"name", "body"}, {"in", "body"}, {"schema", schema_of(call.body)}};
        if (call.body_required) body["required"] = true;
        parameters.insert(parameters.begin(), std::move(body));
      }
    } else if (!call.body.empty()) {
      const auto accepted =
          of_.custom || !call.body_types.empty() ? body_types : std::vector<std::string>{"*/*"};
      out["requestBody"] = {{"content", content(accepted, call.body)}};
      if (call.body_required && !of_.custom) out["requestBody"]["required"] = true;
    }
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    Json responses = {{"401", {{"description", "Unauthorized"}}}};
    for (const int code : call.codes) {
      Json answer = {{"description", code == 200 ? "OK" : code == 201 ? "Created" : "Accepted"}};
      if (format_ == Format::V2)
        answer["schema"] = schema_of(call.answer);
      else
        answer["content"] = content(types, call.answer);
      responses[std::to_string(code)] = std::move(answer);
    }
    out["responses"] = std::move(responses);
    return out;
  }

  Json list_operation(const std::string& suffix, Json list_parameters) const {
    return operation({.verb = "list",
                      .action = "list",
                      .suffix = suffix,
                      .parameters = std::move(list_parameters),
                      .answer = of_.list_definition});
  }

  Json collection_item() const {
    Json out = Json::object();
    out["post"] = operation({.verb = "create",
                             .action = "post",
                             .suffix = place_ + of_.kind,
                             .parameters = parameters(kWriteParameters),
                             .body = of_.definition,
                             .answer = of_.definition,
                             .codes = {200, 201, 202}});
    out["parameters"] = path_parameters(false);
    if (of_.create_only) return out;
    out["get"] = list_operation(place_ + of_.kind, parameters(kListParameters));
    out["delete"] = operation({.verb = "delete",
                               .action = "deletecollection",
                               .suffix = of_.version.empty() ? "" : std::string(),
                               .parameters = parameters(kListParameters),
                               .answer = std::string(kMetaPrefix) + "Status"});
    out["delete"]["operationId"] =
        "delete" + words_ + capitalised(of_.version) + "Collection" + place_ + of_.kind;
    return out;
  }

  Json everywhere_item() const {
    Json all = parameters(kListParameters);
    all.push_back(parameter(kPretty, "query"));
    Json out = {{"get", list_operation(of_.kind + "ForAllNamespaces", Json::array())}};
    out["parameters"] = std::move(all);
    return out;
  }

  Json patch_parameters() const {
    Json out = parameters(kWriteParameters);
    if (!of_.custom) out.push_back(parameter(kForce, "query"));
    return out;
  }

  Json read_write_patch(const std::string& suffix, const std::string& definition) const {
    Json out = Json::object();
    out["get"] =
        operation({.verb = "read",
                   .action = "get",
                   .suffix = suffix,
                   .parameters = of_.custom ? Json::array({parameter(kVersion, "query")}) : Json::array(),
                   .answer = definition});
    out["put"] = operation({.verb = "replace",
                            .action = "put",
                            .suffix = suffix,
                            .parameters = parameters(kWriteParameters),
                            .body = definition,
                            .answer = definition,
                            .codes = {200, 201}});
    out["patch"] = operation({.verb = "patch",
                              .action = "patch",
                              .suffix = suffix,
                              .parameters = patch_parameters(),
                              .body = std::string(kMetaPrefix) + "Patch",
                              .body_types = patch_types(),
                              .answer = definition,
                              .codes = of_.custom ? std::vector<int>{200} : std::vector<int>{200, 201}});
    out["parameters"] = path_parameters(true);
    return out;
  }

  Json object_item() const {
    Json out = read_write_patch(place_ + of_.kind, of_.definition);
    out["delete"] = operation({.verb = "delete",
                               .action = "delete",
                               .suffix = place_ + of_.kind,
                               .parameters = parameters(kDeleteParameters),
                               .body = std::string(kMetaPrefix) + "DeleteOptions",
                               .body_required = false,
                               .answer = std::string(kMetaPrefix) + "Status",
                               .codes = {200, 202}});
    return out;
  }

  Json subresource_item(const std::string& subresource) const {
    const std::string suffix = place_ + of_.kind + capitalised(subresource);
    if (subresource != "finalize") return read_write_patch(suffix, of_.definition);
    Json out = read_write_patch(suffix, of_.definition);
    out.erase("get");
    out.erase("patch");
    return out;
  }

  const PathResource& of_;
  Format format_;
  std::string root_, words_, tag_, place_;
};

}  // namespace

void add_paths(Json& paths, const PathResource& resource, Format format) {
  PathMaker(resource, format).add(paths);
}

}  // namespace neoid::openapi
