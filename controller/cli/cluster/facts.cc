// What `neoid status` reads.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "controller/cli/cluster/status.h"
#include "controller/store/identity_store.h"
#include "reconcile/meta/object_meta.h"

namespace neoid::cli {
namespace {

const kube::ResourceType kNamespaces{"", "v1", "namespaces", false};
const kube::ResourceType kBindings{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", false};
const kube::ResourceType kRoles{"rbac.authorization.k8s.io", "v1", "clusterroles", false};
const kube::ResourceType kHooks{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                                false};
constexpr std::size_t kBatch = 500;

bool lists(const Json& rule, const char* member, std::initializer_list<std::string_view> wanted) {
  for (const Json& text : rule.value(member, Json::array())) {
    if (!text.is_string()) continue;
    const auto& value = text.get_ref<const std::string&>();
    if (value == "*" || std::find(wanted.begin(), wanted.end(), value) != wanted.end()) return true;
  }
  return false;
}

bool reads_secrets(const Json& role) {
  const Json rules = role.value("rules", Json());
  if (!rules.is_array()) return false;
  return std::any_of(rules.begin(), rules.end(), [](const Json& rule) {
    return lists(rule, "apiGroups", {""}) && lists(rule, "resources", {"secrets"}) &&
           lists(rule, "verbs", {"get", "list", "watch"}) &&
           rule.value("resourceNames", Json::array()).empty();
  });
}

// The cluster's own and the platform's: who runs the cluster can read everything.
bool is_platform(const Json& subject) {
  const std::string name = subject.value("name", "");
  return name.starts_with("system:") || name == "neoid:platform" ||
         subject.value("namespace", "") == "kube-system" || subject.value("namespace", "") == "neoid-system";
}

std::vector<Exposure> read_exposures(const Session& session) {
  std::vector<Exposure> exposures;
  const auto roles = session.list(kRoles);
  const auto bindings = session.list(kBindings);
  if (!roles || !bindings) return exposures;  // who may not read them cannot be told
  std::set<std::string> readers;
  for (const Json& role : *roles)
    if (reads_secrets(role)) readers.insert(meta::name_of(role));
  for (const Json& binding : *bindings) {
    const std::string role = binding.value("roleRef", Json::object()).value("name", "");
    if (readers.count(role) == 0) continue;
    Exposure exposure{meta::name_of(binding), role, {}};
    const Json subjects = binding.value("subjects", Json());
    if (!subjects.is_array()) continue;
    for (const Json& subject : subjects) {
      if (is_platform(subject)) continue;
      const std::string ns = subject.value("namespace", "");
      exposure.subjects.push_back(subject.value("kind", "") + " " + (ns.empty() ? "" : ns + "/") +
                                  subject.value("name", ""));
    }
    if (!exposure.subjects.empty()) exposures.push_back(std::move(exposure));
  }
  return exposures;
}

void read_lease(const kube::Client& client, const kube::ObjectName& wanted, Facts& facts) {
  // `neoid standalone` keeps its Lease in kube-system.
  for (const kube::ObjectName& name : {wanted, kube::ObjectName{"kube-system", "neoid"}}) {
    const auto lease = client.get(kLeaseType, name);
    if (!lease) {
      if (lease.error().kind != ErrorKind::NotFound) facts.lease_readable = false;
      continue;
    }
    const Json spec = lease->value("spec", Json::object());
    LeaseFacts found;
    found.name = name.ns + "/" + name.name;
    if (const Json holder = spec.value("holderIdentity", Json()); holder.is_string()) found.holder = holder;
    if (const Json renewed = spec.value("renewTime", Json()); renewed.is_string())
      found.renewed = parse_time(renewed.get<std::string>());
    if (const Json seconds = spec.value("leaseDurationSeconds", Json()); seconds.is_number_integer())
      found.duration = std::chrono::seconds(seconds.get<int>());
    facts.lease = std::move(found);
    facts.lease_readable = true;
    return;
  }
}

void read_webhooks(const kube::Client& client, const std::string& name, Facts& facts) {
  const auto configuration = client.get(kHooks, {"", name});
  if (!configuration) return;
  for (const Json& hook : configuration->value("webhooks", Json::array())) {
    const Json bundle = hook.value("clientConfig", Json::object()).value("caBundle", Json());
    facts.webhooks.push_back({hook.value("name", ""), bundle.is_string() && bundle != ""});
  }
}

Result<void> read_kind(const Session& session, api::Kind kind, Facts& facts) {
  auto items = session.list(resource_type(kind));
  if (!items) {
    if (items.error().kind == ErrorKind::NotFound)
      facts.absent_kinds.push_back(kind);
    else if (items.error().kind == ErrorKind::Denied)
      facts.unreadable_kinds.push_back(kind);
    else
      return fail(items.error());
    return {};
  }
  for (const Json& item : *items) {
    if (kind == api::Kind::Scope) {
      NEOID_TRY(api::ScopeResource scope, api::decode_scope(item));
      facts.scopes.push_back(std::move(scope));
    } else {
      NEOID_TRY(api::UserResource user, api::decode_user(kind, item));
      facts.users.push_back(std::move(user));
    }
  }
  return {};
}

Result<void> read_versions(store::IdentityStore& store, const ClusterId& cluster, Facts& facts) {
  for (std::size_t begin = 0; begin < facts.users.size(); begin += kBatch) {
    std::vector<store::IdentityRef> refs;
    for (std::size_t i = begin; i < std::min(begin + kBatch, facts.users.size()); ++i)
      refs.push_back({facts.users[i].key, std::nullopt});
    NEOID_TRY(const store::Observation seen, store.observe(cluster, refs));
    for (std::size_t i = 0; i < refs.size(); ++i) {
      if (!seen.identities[i].own) continue;
      auto& versions = facts.store->accepted[refs[i].resource];
      for (const plan::StoredVersion& version : seen.identities[i].own->versions) {
        if (version.accepted(seen.now))
          versions.push_back(
              {version.number, version.current(), version.issued_at, version.valid_until, version.last_used});
      }
    }
  }
  return {};
}

Result<void> read_store(const kube::Client& client, const std::string& url, Facts& facts) {
  NEOID_TRY(const auto store, store::open_store(url, store::Migration::Refuse));
  NEOID_TRY(const Json kube_system, client.get(kNamespaces, {"", "kube-system"}));
  const ClusterId cluster(meta::uid_of(kube_system));
  facts.store = StoreFacts{store->location(), {}, {}};
  NEOID_TRY_VOID(read_versions(*store, cluster, facts));
  std::set<api::ResourceKey> there;
  for (const api::UserResource& user : facts.users) there.insert(user.key);
  const auto has = [](const std::vector<api::Kind>& kinds, api::Kind kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  return store->sweep(cluster, [&](const store::IdentityStore::SweepRow& row) {
    const api::ResourceKey& key = row.owner.resource;
    const bool told = row.standing != plan::Standing::Unowned && there.count(key) == 0 &&
                      !has(facts.unreadable_kinds, key.kind);
    if (told)
      facts.store->orphans.push_back({key, row.user_id, row.active, has(facts.absent_kinds, key.kind)});
    return true;
  });
}

}  // namespace

Result<Facts> read_facts(const Session& session, const StatusOptions& options) {
  Facts facts;
  facts.now = session.clock().now();
  const kube::Client& client = session.client();
  for (const api::Kind kind :
       {api::Kind::IntegrationUser, api::Kind::SystemIntegrationUser, api::Kind::Scope})
    NEOID_TRY_VOID(read_kind(session, kind, facts));
  read_lease(client, options.lease, facts);
  read_webhooks(client, options.webhook_configuration, facts);
  facts.exposures = read_exposures(session);
  if (!options.store_url.empty()) NEOID_TRY_VOID(read_store(client, options.store_url, facts));
  return facts;
}

}  // namespace neoid::cli
