#include "controller/apiserver/scale.h"

#include <fmt/format.h>

#include "controller/apiserver/apply/patch.h"
#include "controller/apiserver/json_path.h"
#include "controller/apiserver/serve.h"
#include "controller/apiserver/write.h"
#include "controller/apiserver/write_rules.h"
#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

const Json* at(const Json& object, const std::string& path) {
  const auto parsed = JsonPath::parse(path);
  if (!parsed) return nullptr;
  const auto found = parsed->find(object);
  return found.empty() ? nullptr : found.front();
}

Json scale_of(const ResourceInfo& resource, const Json& object) {
  const schema::ScaleSubresource& paths = *resource.crd_version->scale;
  Json metadata = Json::object();
  for (const char* name : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    if (object["metadata"].contains(name)) metadata[name] = object["metadata"][name];
  Json scale = {{"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}, {"metadata", std::move(metadata)}};
  scale["spec"] = Json::object();
  if (const Json* wanted = at(object, paths.spec_replicas_path); wanted != nullptr && *wanted != Json(0))
    scale["spec"]["replicas"] = *wanted;
  const Json* have = at(object, paths.status_replicas_path);
  scale["status"] = {{"replicas", have == nullptr ? Json(0) : *have}};
  if (!paths.label_selector_path.empty())
    if (const Json* selector = at(object, paths.label_selector_path)) scale["status"]["selector"] = *selector;
  return scale;
}

// `.spec.replicas` written into the object.
void set_replicas(Json& object, std::string_view path, const Json& value) {
  Json* current = &object;
  while (path.starts_with('.')) {
    path.remove_prefix(1);
    const std::size_t dot = path.find('.');
    current = &(*current)[std::string(path.substr(0, dot))];
    path = dot == std::string_view::npos ? "" : path.substr(dot);
  }
  *current = value;
}

}  // namespace

http::Response handle_scale(const Core& core, Call& call) {
  const ResourceInfo& resource = *call.resource;
  const std::string& verb = call.path.verb;
  const auto media = negotiate(call.request.header("Accept"), {});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  if (verb != "get" && verb != "update" && verb != "patch")
    return respond_error(call, method_not_supported(resource.group_resource(), verb));
  if (verb == "get") {
    const auto stored = core.storage.get(resource.key(call.path.ns, call.path.name));
    if (!stored) return respond_error(call, storage_error(resource, call.path.name, stored.error()));
    return respond_json(call, 200, scale_of(resource, serve(resource, *stored)));
  }
  const auto options =
      read_write_options(call.request, verb == "patch" ? WriteKind::Patch : WriteKind::Update);
  if (!options) return respond_error(call, options.error());
  UpdateRequest request;
  request.retry = true;
  request.make = [&](const Json& live, bool) -> Answer<Json> {
    const Json before = scale_of(resource, live);
    Json wanted;
    if (verb == "patch") {
      const auto kind = apply::patch_kind(call.request.header("Content-Type"), apply::Served::Custom);
      if (!kind)
        return refuse({kind.error().code, kind.error().reason, kind.error().message, kind.error().details});
      auto patched = *kind == apply::PatchKind::Json
                         ? apply::json_patch(before, call.request.body, apply::Served::Custom)
                         : apply::merge_patch(before, call.request.body, apply::Served::Custom);
      if (!patched)
        return refuse(
            {patched.error().code, patched.error().reason, patched.error().message, patched.error().details});
      wanted = std::move(*patched);
    } else {
      auto parsed = parse_json(call.request.body);
      if (!parsed) return refuse(bad_request(parsed.error().message));
      wanted = std::move(*parsed);
    }
    if (!wanted.is_object() || !wanted.contains("spec") || !wanted["spec"].is_object())
      return refuse(bad_request("the object provided is not a Scale"));
    const Json replicas = wanted["spec"].value("replicas", Json(0));
    if (!replicas.is_number_integer() || replicas.get<std::int64_t>() < 0)
      return refuse(invalid({"autoscaling", "Scale"}, call.path.name,
                            {{FieldErrorType::Invalid, "spec.replicas", go_value(replicas),
                              "must be greater than or equal to 0"}}));
    Json object = live;
    set_replicas(object, resource.crd_version->scale->spec_replicas_path, replicas);
    return object;
  };
  auto written = update_object(core, call, request, *options);
  if (!written) return respond_error(call, written.error());
  return respond_json(call, 200, scale_of(resource, written->object));
}

}  // namespace neoid::apiserver
