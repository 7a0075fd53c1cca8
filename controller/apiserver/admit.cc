// Admission of one write: the hook in process, then the webhooks.
#include <fmt/format.h>

#include "controller/apiserver/decode.h"
#include "controller/apiserver/write.h"

namespace neoid::apiserver {
namespace {

Json options_of(const Call& call, std::string_view operation, bool dry_run) {
  const std::string_view kind = call.request.method == "PATCH" ? "PatchOptions"
                                : operation == "CREATE"        ? "CreateOptions"
                                : operation == "UPDATE"        ? "UpdateOptions"
                                                               : "DeleteOptions";
  Json options = {{"kind", kind}, {"apiVersion", "meta.k8s.io/v1"}};
  if (dry_run) options["dryRun"] = {"All"};
  if (const auto manager = call.request.find_query("fieldManager"); manager && !manager->empty())
    options["fieldManager"] = *manager;
  return options;
}

AdmissionRequest request_of(const Call& call, std::string_view operation, std::string_view name,
                            bool dry_run) {
  const ResourceInfo& resource = *call.resource;
  AdmissionRequest request;
  request.operation = operation;
  request.group = resource.group;
  request.version = resource.version;
  request.kind = resource.kind;
  request.resource = resource.plural;
  request.subresource = call.path.subresource;
  request.ns = call.path.ns;
  request.name = name;
  request.user = call.user;
  request.options = options_of(call, operation, dry_run);
  request.dry_run = dry_run;
  return request;
}

}  // namespace

Answer<Json> admit(const Core& core, Call& call, Webhooks::Phase phase, std::string_view operation,
                   std::string_view name, Json object, const Json* old_object, bool dry_run) {
  AdmissionRequest request = request_of(call, operation, name, dry_run);
  request.object = object.is_null() ? nullptr : &object;
  request.old_object = old_object;
  const AdmissionHook& hook =
      phase == Webhooks::Phase::Mutate ? core.admission.mutate : core.admission.validate;
  bool patched = false;
  if (hook) {
    AdmissionAnswer answer = hook(request);
    for (std::string& text : answer.warnings) call.warn(std::move(text));
    if (!answer.allowed)
      return refuse(
          ApiError{answer.code, answer.reason.empty() ? "Forbidden" : answer.reason, answer.message});
    patched = answer.patched.has_value();
    if (patched) object = std::move(*answer.patched);
  }
  auto outcome = core.webhooks.call(phase, request, call.resource->namespaced);
  if (!outcome) return refuse(outcome.error());
  for (std::string& text : outcome->warnings) call.warn(std::move(text));
  if (outcome->patched) {
    patched = true;
    object = std::move(*outcome->patched);
  }
  if (!patched) return object;
  // What came from outside is read as a client's object is.
  auto completed = complete_object(*call.resource, std::move(object));
  if (!completed) return refuse(internal_error(completed.error().message));
  return std::move(completed->object);
}

}  // namespace neoid::apiserver
