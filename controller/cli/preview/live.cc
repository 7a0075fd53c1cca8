#include "controller/cli/preview/live.h"

#include <fmt/format.h>

#include <utility>

#include "reconcile/api/scope.h"
#include "reconcile/meta/object_meta.h"

namespace neoid::preview {
namespace {

const kube::ResourceType kNamespaces{"", "v1", "namespaces", false};

kube::ResourceType type_of(api::Kind kind) {
  return {std::string(api::kGroup), std::string(api::kVersion), std::string(api::plural(kind)),
          kind == api::Kind::IntegrationUser};
}

std::string why(const Error& error) { return " (" + error.message + ")"; }

}  // namespace

Result<Live> Live::open(std::unique_ptr<store::IdentityStore> store, std::unique_ptr<kube::Client> client,
                        const std::string& cluster_id) {
  Live live;
  live.store_ = std::move(store);
  live.client_ = std::move(client);
  NEOID_TRY_VOID(live.find_cluster(cluster_id));
  NEOID_TRY(live.stored_scopes_, live.store_->scopes());
  return live;
}

Result<void> Live::find_cluster(const std::string& cluster_id) {
  cluster_ = ClusterId(cluster_id);
  if (client_) {
    const auto object = client_->get(kNamespaces, {"", "kube-system"});
    if (object) {
      const std::string uid = meta::uid_of(*object);
      if (!cluster_id.empty() && uid != cluster_id) {
        return fail(ErrorKind::Invalid,
                    "--cluster-id names another cluster than the kubeconfig, whose ID is " + uid);
      }
      cluster_ = ClusterId(uid);
      return {};
    }
    if (object.error().kind != ErrorKind::Denied) return fail(object.error());
    if (cluster_id.empty())
      add_gap("the cluster's ID was not readable, and is taken from the store" + why(object.error()));
  }
  if (!cluster_.empty()) return {};
  NEOID_TRY(const std::vector<ClusterId> clusters, store_->clusters());
  if (clusters.size() > 1) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} clusters share this store: say with --cluster-id or --kubeconfig "
                            "which one these files are for (neoid knows {} and others)",
                            clusters.size(), clusters.front().value));
  }
  if (!clusters.empty()) cluster_ = clusters.front();
  return {};
}

Result<std::optional<Json>> Live::resource(const api::ResourceKey& key) const {
  auto object = client_->get(type_of(key.kind), {key.ns, key.name});
  if (object) return std::optional<Json>(std::move(*object));
  if (object.error().kind == ErrorKind::NotFound) return std::optional<Json>();
  return fail(std::move(object).error());
}

Result<std::optional<Labels>> Live::namespace_labels(const std::string& ns) {
  if (const auto known = labels_.find(ns); known != labels_.end()) return known->second;
  std::optional<Labels>& labels = labels_[ns];
  if (!client_) return labels;
  const auto object = client_->get(kNamespaces, {"", ns});
  if (object) {
    labels = meta::member_of(*object, "labels").is_object() ? meta::member_of(*object, "labels").get<Labels>()
                                                            : Labels();
  } else if (object.error().kind == ErrorKind::Denied) {
    add_gap("the labels of namespace " + ns + " were not readable" + why(object.error()));
  } else if (object.error().kind != ErrorKind::NotFound) {
    return fail(object.error());
  }
  return labels;
}

Result<Catalogue> Live::catalogue() {
  Catalogue catalogue;
  std::string continue_token;
  while (client_) {
    auto page = client_->list(type_of(api::Kind::Scope), {}, 500, continue_token);
    if (!page) {
      if (page.error().kind != ErrorKind::Denied && page.error().kind != ErrorKind::NotFound)
        return fail(page.error());
      add_gap("the cluster's Scopes were not readable" + why(page.error()));
      break;
    }
    for (const Json& object : page->items) {
      NEOID_TRY(const api::ScopeResource scope, api::decode_scope(object));
      catalogue.scopes[scope.key.name] = {scope.spec.deprecated, scope.spec.replacement,
                                          scope.spec.allowed_namespaces};
    }
    continue_token = page->continue_token;
    if (continue_token.empty()) return catalogue;
  }
  catalogue.scopes.clear();
  for (const plan::StoredScope& scope : stored_scopes_) {
    catalogue.scopes[scope.name] = {scope.deprecated, "", {}};
    catalogue.unbounded.insert(scope.name);
  }
  return catalogue;
}

}  // namespace neoid::preview
