#include "controller/reconcilers/cluster.h"

#include <algorithm>
#include <utility>

namespace neoid::reconcilers {
namespace {

kube::ResourceType of_ours(api::Kind kind, bool namespaced) {
  return {std::string(api::kGroup), std::string(api::kVersion), std::string(api::plural(kind)), namespaced};
}

const kube::ResourceType& definition_type() {
  static const kube::ResourceType kType{"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
  return kType;
}

// A definite absence is a value; every other failure stays one.
Result<std::optional<Json>> optional_object(Result<Json> result) {
  if (result) return std::optional<Json>(std::move(*result));
  if (result.error().kind == ErrorKind::NotFound) return std::optional<Json>();
  return fail(std::move(result).error());
}

}  // namespace

const kube::ResourceType& resource_type(api::Kind kind) {
  static const kube::ResourceType kUsers = of_ours(api::Kind::IntegrationUser, true);
  static const kube::ResourceType kSystemUsers = of_ours(api::Kind::SystemIntegrationUser, false);
  static const kube::ResourceType kScopes = of_ours(api::Kind::Scope, false);
  switch (kind) {
    case api::Kind::IntegrationUser: return kUsers;
    case api::Kind::SystemIntegrationUser: return kSystemUsers;
    case api::Kind::Scope: return kScopes;
  }
  return kUsers;
}

const kube::ResourceType& secret_type() {
  static const kube::ResourceType kType{"", "v1", "secrets", true};
  return kType;
}

const kube::ResourceType& namespace_type() {
  static const kube::ResourceType kType{"", "v1", "namespaces", false};
  return kType;
}

std::string resource_version_of(const Json& object) {
  const auto metadata = object.find("metadata");
  return metadata == object.end() ? std::string() : metadata->value("resourceVersion", "");
}

Result<ClusterId> Cluster::identity() const {
  NEOID_TRY(const Json object, client_.get(namespace_type(), {"", "kube-system"}));
  const std::string uid = object.at("metadata").value("uid", "");
  if (uid.empty()) return fail(ErrorKind::Internal, "the namespace kube-system has no UID");
  return ClusterId(uid);
}

Result<std::optional<Json>> Cluster::read(const api::ResourceKey& key) const {
  return optional_object(client_.get(resource_type(key.kind), {key.ns, key.name}));
}

Result<std::optional<plan::SecretView>> Cluster::read_secret(const std::string& ns,
                                                             const std::string& name) const {
  NEOID_TRY(std::optional<Json> object, optional_object(client_.get(secret_type(), {ns, name})));
  if (!object) return std::optional<plan::SecretView>();
  NEOID_TRY(plan::SecretView view, decode_secret(*object, Keep::Values));
  return std::optional<plan::SecretView>(std::move(view));
}

Result<bool> Cluster::kind_is_going(api::Kind kind) const {
  const std::string name = std::string(api::plural(kind)) + "." + std::string(api::kGroup);
  NEOID_TRY(const std::optional<Json> object, optional_object(client_.get(definition_type(), {"", name})));
  return !object || object->at("metadata").contains("deletionTimestamp");
}

Result<Json> Cluster::set_finalizer(const api::ResourceKey& key, const Json& object, bool present) const {
  const Json& metadata = object.at("metadata");
  std::vector<std::string> finalizers = metadata.value("finalizers", std::vector<std::string>());
  finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), api::kFinalizer), finalizers.end());
  if (present) finalizers.emplace_back(api::kFinalizer);
  const Json body = {{"metadata",
                      {{"uid", metadata.value("uid", "")},
                       {"resourceVersion", metadata.value("resourceVersion", "")},
                       {"finalizers", std::move(finalizers)}}}};
  return client_.patch(resource_type(key.kind), {key.ns, key.name}, kube::PatchType::Merge, body);
}

Result<Json> Cluster::put_status(const api::ResourceKey& key, const Json& object, Json status) const {
  Json next = object;
  next["status"] = std::move(status);
  kube::WriteOptions options;
  options.subresource = "status";
  return client_.update(resource_type(key.kind), {key.ns, key.name}, next, options);
}

Result<void> Cluster::create_resource(const api::ResourceKey& key, const Json& spec) const {
  Json metadata = {{"name", key.name}, {"finalizers", {api::kFinalizer}}};
  if (!key.ns.empty()) metadata["namespace"] = key.ns;
  const Json object = {{"apiVersion", api::kApiVersion},
                       {"kind", api::to_string(key.kind)},
                       {"metadata", std::move(metadata)},
                       {"spec", spec}};
  NEOID_TRY_VOID(client_.create(resource_type(key.kind), key.ns, object));
  return {};
}

Result<plan::SecretView> Cluster::create_secret(const Json& body, const std::string& ns,
                                                std::chrono::milliseconds timeout) const {
  kube::WriteOptions options;
  options.timeout = timeout;
  NEOID_TRY(Json made, client_.create(secret_type(), ns, body, options));
  return decode_secret(made, Keep::Values);
}

Result<plan::SecretView> Cluster::update_secret(const std::string& ns, const std::string& name,
                                                const Json& body) const {
  NEOID_TRY(Json made, client_.patch(secret_type(), {ns, name}, kube::PatchType::Merge, body));
  return decode_secret(made, Keep::Values);
}

Result<void> Cluster::delete_secret(const std::string& ns, const std::string& name, const Uid& uid) const {
  kube::DeleteOptions options;
  options.uid = uid;
  auto result = client_.remove(secret_type(), {ns, name}, options);
  if (result || result.error().kind == ErrorKind::NotFound) return {};
  // Another object under the same name: ours is gone.
  if (result.error().kind == ErrorKind::Conflict) return {};
  return fail(std::move(result).error());
}

}  // namespace neoid::reconcilers
