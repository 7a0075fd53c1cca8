// PATCH: JSON patch, merge patch, strategic merge patch and server-side apply.
#include <fmt/format.h>

#include "controller/apiserver/apply/patch.h"
#include "controller/apiserver/apply/server_side_apply.h"
#include "controller/apiserver/decode.h"
#include "controller/apiserver/serve.h"
#include "controller/apiserver/write.h"
#include "controller/apiserver/write_rules.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

ApiError to_error(const apply::Refusal& refusal) {
  return {refusal.code, refusal.reason, refusal.message, refusal.details};
}

// What a patch made is decoded as if a client had sent it.
Answer<Json> take_patched(Call& call, Json patched, FieldValidation validation) {
  auto decoded = decode_patched(call, std::move(patched), validation);
  if (!decoded) return refuse(decoded.error());
  if (auto fits = match_name(call.path.name_in_path, *decoded); !fits) return refuse(fits.error());
  if (auto fits = match_namespace(*call.resource, call.path.ns, *decoded); !fits) return refuse(fits.error());
  return std::move(*decoded);
}

Answer<Json> patch_live(Call& call, apply::PatchKind kind, const Json& live) {
  const std::string& body = call.request.body;
  const ResourceInfo& resource = *call.resource;
  const auto served = resource.custom ? apply::Served::Custom : apply::Served::BuiltIn;
  auto patched = kind == apply::PatchKind::Json ? apply::json_patch(live, body, served)
                 : kind == apply::PatchKind::Merge
                     ? apply::merge_patch(live, body, served)
                     : apply::strategic_merge_patch(live, body, *resource.types->at(resource.api_version()));
  if (!patched) return refuse(to_error(patched.error()));
  return std::move(*patched);
}

// A built-in object whose apiVersion was patched away is read as one whose members nobody knows.
tl::unexpected<ApiError> refuse_untyped_object(Call& call, const Json& patched, FieldValidation validation) {
  std::vector<std::string> unknown;
  for (const auto& [name, member] : patched.items())
    if (name != "kind") unknown.push_back(fmt::format("unknown field {}", go_quote(name)));
  if (validation == FieldValidation::Strict && !unknown.empty())
    return refuse(
        bad_request(fmt::format("{} in version \"\" cannot be handled as a {}: strict decoding error: {}",
                                call.resource->kind, call.resource->kind, fmt::join(unknown, ", "))));
  if (validation == FieldValidation::Warn)
    for (std::string& text : unknown) call.warn(std::move(text));
  return refuse(match_name(call.path.name_in_path, {{"metadata", Json::object()}}).error());
}

Answer<Written> run_patch(const Core& core, Call& call, apply::PatchKind kind, const WriteOptions& options) {
  UpdateRequest request;
  request.endpoint = endpoint_of(call);
  request.retry = true;
  const std::vector<std::string> warned = call.warnings;
  request.make = [&](const Json& live, bool) -> Answer<Json> {
    call.warnings = warned;
    auto patched = patch_live(call, kind, live);
    if (!patched) return refuse(patched.error());
    if (!call.resource->custom && kind != apply::PatchKind::Strategic && !patched->contains("apiVersion"))
      return refuse_untyped_object(call, *patched, options.validation);
    return take_patched(call, std::move(*patched), options.validation);
  };
  return update_object(core, call, request, options);
}

// "/v1", "apps/v1": a group version as Go prints it.
std::string type_text(const ResourceInfo& resource) { return resource.group + "/" + resource.version; }

Answer<Json> read_configuration(const Call& call) {
  auto read = apply::read_apply_configuration(call.request.body);
  if (!read) return refuse(to_error(read.error()));
  return std::move(*read);
}

Answer<Json> apply_to(const Core& core, Call& call, const Json& configuration, const Json& live, bool exists,
                      const WriteOptions& options) {
  const ResourceInfo& resource = *call.resource;
  auto applied = apply::apply(live, configuration, resource.kind, writer_of(core, call, options),
                              options.force ? apply::Force::Yes : apply::Force::No, *resource.types);
  if (!applied) return refuse(to_error(applied.error()));
  Json object = std::move(applied->object);
  const std::string uid = text_at(object["metadata"], "uid");
  if (!exists && !uid.empty()) {
    const FieldError error{FieldErrorType::Invalid, "metadata.uid", go_quote(uid), "field is immutable"};
    return refuse(invalid_object(resource, object, {error, error}));
  }
  if (!exists) object["metadata"].erase("resourceVersion");
  if (!resource.custom) {
    if (const auto decoded = complete_object(resource, object); !decoded) {
      const std::string kind = fmt::format("{}, Kind={}", type_text(resource), resource.kind);
      return refuse(untyped(fmt::format(
          "failed to convert new object ({}/{}; {}) to proper version: unable to convert unstructured "
          "object to {}: error decoding from json: {}",
          text_at(configuration.value("metadata", Json::object()), "namespace"), call.path.name_in_path, kind,
          kind, decoded.error().message)));
    }
  }
  return take_patched(call, std::move(object), FieldValidation::Ignore);
}

Answer<Written> run_apply(const Core& core, Call& call, const WriteOptions& options) {
  auto configuration = read_configuration(call);
  if (!configuration) return refuse(configuration.error());
  UpdateRequest request;
  request.endpoint = endpoint_of(call);
  request.retry = true;
  request.managed = Managed::Yes;
  request.may_create = request.endpoint == Endpoint::Main;
  request.make = [&](const Json& live, bool exists) {
    return apply_to(core, call, *configuration, live, exists, options);
  };
  return update_object(core, call, request, options);
}

}  // namespace

http::Response handle_patch(const Core& core, Call& call) {
  const ResourceInfo& resource = *call.resource;
  if (call.path.name_in_path.empty()) return respond_error(call, bad_request("name must be provided"));
  const auto kind = apply::patch_kind(call.request.header("Content-Type"),
                                      resource.custom ? apply::Served::Custom : apply::Served::BuiltIn);
  if (!kind) return respond_error(call, to_error(kind.error()));
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const bool is_apply = *kind == apply::PatchKind::Apply;
  const auto options = read_write_options(call.request, is_apply ? WriteKind::Apply : WriteKind::Patch);
  if (!options) return respond_error(call, options.error());
  auto written = is_apply ? run_apply(core, call, *options) : run_patch(core, call, *kind, *options);
  if (!written) return respond_error(call, written.error());
  return respond_object(core, call, written->created ? 201 : 200, written->object);
}

}  // namespace neoid::apiserver
