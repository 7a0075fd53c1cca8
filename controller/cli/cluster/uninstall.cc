#include "controller/cli/cluster/uninstall.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "reconcile/api/reasons.h"
#include "reconcile/api/user.h"
#include "reconcile/meta/object_meta.h"

namespace neoid::cli {
namespace {

constexpr api::Kind kUsers[] = {api::Kind::IntegrationUser, api::Kind::SystemIntegrationUser};
constexpr api::Kind kKinds[] = {api::Kind::IntegrationUser, api::Kind::SystemIntegrationUser,
                                api::Kind::Scope};
constexpr const char* kManagedBy = "app.kubernetes.io/managed-by";

const kube::ResourceType kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
kube::ResourceType registration(const char* plural) {
  return {"admissionregistration.k8s.io", "v1", plural, false};
}

std::string crd_name(api::Kind kind) { return fmt::format("{}.{}", api::plural(kind), api::kGroup); }

class Uninstall {
 public:
  Uninstall(const Session& session, const UninstallOptions& options) : session_(session), options_(options) {}

  Result<void> run() {
    NEOID_TRY_VOID(remove_admission());
    if (options_.identities == Identities::Delete) NEOID_TRY_VOID(delete_resources());
    NEOID_TRY_VOID(remove_kinds());
    NEOID_TRY_VOID(remove_secrets());
    NEOID_TRY_VOID(remove(kSecretType, options_.webhook_secret));
    NEOID_TRY_VOID(remove(kLeaseType, options_.lease));
    return {};
  }

  // What there is of the kind; an empty list where the kind is not there.
  Result<std::vector<Json>> objects(api::Kind kind) const {
    auto items = session_.list(resource_type(kind));
    if (!items && items.error().kind == ErrorKind::NotFound) return std::vector<Json>();
    return items;
  }

 private:
  const kube::Client& client() const { return session_.client(); }
  void say(const std::string& text) const { session_.out() << text << '\n'; }

  Result<void> remove(const kube::ResourceType& type, const kube::ObjectName& name,
                      const kube::DeleteOptions& how = {}) const {
    auto removed = client().remove(type, name, how);
    if (removed) {
      say(fmt::format("deleted {} {}{}", type.plural, name.ns.empty() ? "" : name.ns + "/", name.name));
      return {};
    }
    if (removed.error().kind == ErrorKind::NotFound) return {};  // also of a kind that is not served
    return fail(wrap(fmt::format("cannot delete {} {}", type.plural, name.name), removed.error()));
  }

  Result<void> remove_admission() const {
    const kube::ObjectName name{"", options_.webhook_configuration};
    NEOID_TRY_VOID(remove(registration("validatingwebhookconfigurations"), name));
    NEOID_TRY_VOID(remove(registration("mutatingwebhookconfigurations"), name));
    const kube::ObjectName policy{"", "neoid-system-users"};
    NEOID_TRY_VOID(remove(registration("validatingadmissionpolicybindings"), policy));
    return remove(registration("validatingadmissionpolicies"), policy);
  }

  // The controller carries the deletions out: users first, then the scopes that they held.
  Result<void> delete_resources() const {
    for (const api::Kind kind : kUsers) {
      NEOID_TRY(const std::vector<Json> items, objects(kind));
      for (const Json& item : items) NEOID_TRY_VOID(delete_one(kind, item));
    }
    NEOID_TRY_VOID(wait_gone({api::Kind::IntegrationUser, api::Kind::SystemIntegrationUser}));
    NEOID_TRY(const std::vector<Json> scopes, objects(api::Kind::Scope));
    for (const Json& item : scopes) NEOID_TRY_VOID(delete_one(api::Kind::Scope, item));
    return wait_gone({api::Kind::Scope});
  }

  Result<void> delete_one(api::Kind kind, const Json& item) const {
    const api::ResourceKey key{kind, meta::namespace_of(item), meta::name_of(item)};
    if (kind == api::Kind::SystemIntegrationUser) {
      auto retired = session_.annotate(key, {{std::string(api::annotation::kRetire), "true"}});
      if (!retired && retired.error().kind != ErrorKind::NotFound) return fail(retired.error());
    }
    kube::DeleteOptions how;
    how.uid = Uid(meta::uid_of(item));
    return remove(resource_type(kind), {key.ns, key.name}, how);
  }

  Result<void> wait_gone(const std::vector<api::Kind>& kinds) const {
    auto waited = session_.wait_for(
        "the controller to delete the identities", options_.timeout, [&]() -> Result<Session::Progress> {
          std::size_t left = 0;
          std::string first;
          for (const api::Kind kind : kinds) {
            NEOID_TRY(const std::vector<Json> items, objects(kind));
            left += items.size();
            if (!items.empty() && first.empty()) first = why_waiting(kind, items.front());
          }
          return Session::Progress{left == 0, fmt::format("{} left; {}", left, first)};
        });
    if (waited) return {};
    return fail(
        wrap("the rest goes when its controller runs and reaches the store; `neoid uninstall --keep`"
             " lets go of it without",
             std::move(waited).error()));
  }

  std::string why_waiting(api::Kind kind, const Json& item) const {
    const std::string name = api::ResourceKey{kind, meta::namespace_of(item), meta::name_of(item)}.text();
    const auto conditions =
        meta::decode_conditions(item.value("status", Json::object()).value("conditions", Json::array()));
    const meta::Condition* ready =
        conditions ? meta::find_condition(*conditions, api::condition::kReady) : nullptr;
    return ready == nullptr || ready->message.empty() ? name : name + ": " + ready->message;
  }

  // The CRDs first: from then on nobody revokes anything, whoever lets the objects go.
  Result<void> remove_kinds() const {
    for (const api::Kind kind : kKinds) NEOID_TRY_VOID(remove(kCrds, {"", crd_name(kind)}));
    auto waited =
        session_.wait_for("the kinds to be gone", options_.timeout, [&]() -> Result<Session::Progress> {
          std::string left;
          for (const api::Kind kind : kKinds) {
            NEOID_TRY_VOID(release(kind));
            const auto crd = client().get(kCrds, {"", crd_name(kind)});
            if (crd) left += (left.empty() ? "" : ", ") + crd_name(kind);
            if (!crd && crd.error().kind != ErrorKind::NotFound) return fail(crd.error());
          }
          return Session::Progress{left.empty(), left};
        });
    return waited;
  }

  // Takes our finalizer from every object of the kind; others' stay, and are told by the wait.
  Result<void> release(api::Kind kind) const {
    NEOID_TRY(const std::vector<Json> items, objects(kind));
    for (const Json& item : items) {
      const Json& finalizers = meta::member_of(item, "finalizers");
      if (!finalizers.is_array()) continue;
      Json rest = Json::array();
      for (const Json& finalizer : finalizers)
        if (finalizer != api::kFinalizer) rest.push_back(finalizer);
      if (rest.size() == finalizers.size()) continue;
      auto patched = client().patch(resource_type(kind), {meta::namespace_of(item), meta::name_of(item)},
                                    kube::PatchType::Merge,
                                    {{"metadata",
                                      {{"finalizers", std::move(rest)},
                                       {"resourceVersion", meta::member_of(item, "resourceVersion")}}}});
      const bool again =
          !patched && (patched.error().kind == ErrorKind::NotFound ||
                       patched.error().kind == ErrorKind::Conflict);  // the wait comes back to it
      if (!patched && !again) return fail(patched.error());
    }
    return {};
  }

  // Those of system users have no owner; those of custom ones may wait for the garbage collector. Only what neoid made.
  Result<void> remove_secrets() const {
    kube::Selection ours;
    ours.field_selector = "type=identity.neostella.com/oauth-client";
    ours.metadata_only = true;
    NEOID_TRY(const kube::ListPage page, client().list(kSecretType, ours));
    for (const Json& secret : page.items) {
      const Json& labels = meta::member_of(secret, "labels");
      if (!labels.is_object() || labels.value(kManagedBy, Json()) != "neoid") continue;
      kube::DeleteOptions how;
      how.uid = Uid(meta::uid_of(secret));
      NEOID_TRY_VOID(remove(kSecretType, {meta::namespace_of(secret), meta::name_of(secret)}, how));
    }
    return {};
  }

  const Session& session_;
  const UninstallOptions& options_;
};

}  // namespace

int uninstall(const Session& session, const UninstallOptions& options) {
  Uninstall work(session, options);
  std::string counts;
  for (const api::Kind kind : kKinds) {
    const auto items = work.objects(kind);
    if (!items) return report(session.streams().err, items.error());
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", items->size(), api::plural(kind));
  }
  if (!options.yes) {
    if (!options.ask) {
      report(session.streams().err,
             {ErrorKind::Invalid, "there is no terminal to ask on; --yes says that it is meant"});
      return kWrongCall;
    }
    const bool keep = options.identities == Identities::Keep;
    const std::string question = fmt::format(
        "This removes {} with their Secrets, and their kinds, from the cluster.\n{}\nGo on?", counts,
        keep ? "The identities stay in the store, and their credentials go on working."
             : "The identities are DELETED from the store: their credentials end now.");
    if (!options.ask(question)) {
      session.streams().err << "neoid: nothing was changed\n";
      return kFailed;
    }
  }
  if (auto done = work.run(); !done) return report(session.streams().err, done.error());
  session.out()
      << "nothing of neoid is left but its workload: helm uninstall neoid, or kubectl delete -k manifests\n";
  return kDone;
}

}  // namespace neoid::cli
