#include "reconcile/api/scope.h"

#include <algorithm>
#include <utility>

#include "reconcile/api/member_reader.h"
#include "reconcile/api/user.h"

namespace neoid::api {

Result<ScopeResource> decode_scope(const Json& object) {
  ScopeResource scope;
  scope.key.kind = Kind::Scope;
  MemberReader root(object, "");
  MemberReader metadata(root.object("metadata"), "metadata");
  scope.key.name = metadata.text("name");
  scope.uid = Uid(metadata.text("uid"));
  scope.resource_version = ResourceVersion(metadata.text("resourceVersion"));
  scope.generation = metadata.number("generation", 0);
  scope.deleted_at = metadata.time("deletionTimestamp");
  const auto finalizers = metadata.texts("finalizers");
  scope.has_finalizer = std::find(finalizers.begin(), finalizers.end(), kFinalizer) != finalizers.end();
  MemberReader annotations(metadata.object("annotations"), "metadata.annotations");
  scope.requested_by = annotations.text(annotation::kRequestedBy);

  MemberReader spec(root.object("spec"), "spec");
  scope.spec.display_name = spec.text("displayName");
  scope.spec.description = spec.text("description");
  scope.spec.tool = spec.text("tool");
  if (const Json* permissions = spec.find("permissions")) scope.spec.permissions = *permissions;
  if (const Json* deprecated = spec.find("deprecated")) {
    scope.spec.deprecated = true;
    MemberReader reader(*deprecated, "spec.deprecated");
    scope.spec.replacement = reader.text("replacement");
    NEOID_TRY_VOID(no_error({&reader}));
  }
  MemberReader allowed(spec.object("allowedNamespaces"), "spec.allowedNamespaces");
  if (allowed.text("from") == "Selector") {
    const Json* selector = allowed.find("selector");
    scope.spec.allowed_namespaces = AllowedNamespaces(selector == nullptr ? Json() : *selector);
  }

  MemberReader status(root.object("status"), "status");
  scope.status.observed_generation = status.number("observedGeneration", -1);
  scope.status.users = status.number("users", 0);
  if (const Json* conditions = status.find("conditions")) {
    NEOID_TRY(scope.status.conditions, meta::decode_conditions(*conditions));
  }
  NEOID_TRY_VOID(no_error({&root, &metadata, &annotations, &spec, &allowed, &status}));
  return scope;
}

Json encode_status(const ScopeStatus& status) {
  return {{"observedGeneration", status.observed_generation},
          {"users", status.users},
          {"conditions", meta::encode_conditions(status.conditions)}};
}

}  // namespace neoid::api
