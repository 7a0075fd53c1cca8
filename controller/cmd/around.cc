#include "controller/cmd/around.h"

#include "reconcile/api/user.h"

namespace neoid::cmd {
namespace {

using reconcilers::Caches;

std::map<std::string, std::string> labels_of(const Caches& caches, const std::string& ns) {
  const auto space = caches.space(ns);
  return space ? space->labels : std::map<std::string, std::string>();
}

// As much of a user as the rules over Secrets ask for.
Json rival(const api::ResourceKey& key, const api::UserResource& user) {
  const bool system = key.kind == api::Kind::SystemIntegrationUser;
  Json credentials = {
      {"source", user.spec.source == api::CredentialSource::Reference ? "Reference" : "Generate"}};
  if (system)
    credentials["secretRef"] = {{"namespace", user.spec.secret_namespace}, {"name", user.spec.secret_name}};
  else
    credentials["secretName"] = user.spec.secret_name;
  Json metadata = {{"name", key.name}};
  if (!system) metadata["namespace"] = key.ns;
  return {{"apiVersion", api::kApiVersion},
          {"kind", api::to_string(key.kind)},
          {"metadata", std::move(metadata)},
          {"spec", {{"credentials", std::move(credentials)}}}};
}

}  // namespace

policy::Around around(const Caches& caches, const policy::AdmissionFacts& facts) {
  policy::Around around;
  if (facts.kind == api::Kind::Scope) {
    for (const api::ResourceKey& key : caches.users_of_scope(facts.name)) {
      if (key.kind == api::Kind::IntegrationUser)  // nobody is told of system users
        around.holders.push_back({key.ns, key.name, labels_of(caches, key.ns)});
    }
    return around;
  }
  if (facts.object == nullptr) return around;
  const auto user = api::decode_user(facts.kind, *facts.object);
  if (!user) return around;  // the contract says what is wrong with it
  around.catalogue = *caches.catalogue();
  if (const auto space = caches.space(user->key.ns)) around.namespace_labels = space->labels;
  for (const api::ResourceKey& key :
       caches.users_of_secret({user->spec.secret_namespace, user->spec.secret_name})) {
    // Who may not see system users is not told of one; the condition SecretConflict comes all the same.
    if (key == user->key || (facts.kind == api::Kind::IntegrationUser && key.kind != facts.kind)) continue;
    if (const auto other = caches.user(key)) around.rivals.push_back(rival(key, *other));
  }
  return around;
}

}  // namespace neoid::cmd
