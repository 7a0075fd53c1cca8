#include "controller/cli/preview/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "controller/store/activity.h"
#include "controller/store/apply.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/plan/plan.h"
#include "reconcile/plan/stored_scope.h"
#include "reconcile/value/patch.h"

namespace neoid::preview {
namespace {

using Identity = std::optional<plan::StoredIdentity>;

// Of a resource that is still to be made; what is derived from it is only known afterwards.
constexpr const char* kUidToCome = "00000000-0000-4000-8000-000000000000";

// What the store keeps beside the configuration, to know whose the row is: no change that anybody declared.
const std::set<std::string, std::less<>> kBookkeeping{"generation", "uid",  "cluster",
                                                      "kind",       "name", "namespace"};
// Members of spec that the store keeps.
const std::set<std::string, std::less<>> kKept{"displayName", "description", "active", "scopes", "tags"};

bool is_system(const Declared& declared) { return declared.key.kind == api::Kind::SystemIntegrationUser; }

// One user on its way.
class UserPass {
 public:
  UserPass(Live& live, const Catalogue& catalogue, const std::map<std::string, Labels>& declared_namespaces,
           Declared declared)
      : live_(live), catalogue_(catalogue), declared_namespaces_(declared_namespaces) {
    change_.declared = std::move(declared);
  }

  // The resource as it will be: the live one with the file's spec, and the annotations of both.
  Result<store::IdentityRef> read() {
    object_ = change_.declared.object;
    if (live_.has_cluster()) {
      auto found = live_.resource(change_.declared.key);
      if (!found && found.error().kind == ErrorKind::Denied) {
        live_.add_gap("the cluster's resources were not readable (" + found.error().message + ")");
      } else if (!found) {
        return fail(std::move(found).error());
      } else {
        seen_ = true;
        if (*found) put_over(**found);
      }
    }
    NEOID_TRY(view_.resource, api::decode_user(change_.declared.key.kind, object_));
    return store::IdentityRef{change_.declared.key, view_.resource.spec.adopt};
  }

  Result<Change> decide(plan::PlanContext context, Instant now, store::ObservedIdentity stored) {
    view_.now = now;
    view_.own = std::move(stored.own);
    view_.adoptable = std::move(stored.adoptable);
    if (view_.resource.deleted_at) {
      block("the resource is being deleted; apply it again when it is gone");
      return std::move(change_);
    }
    take_uid();
    NEOID_TRY_VOID(resolve_scopes());
    think_of_secret();
    const plan::Plan plan = plan::decide_user(view_, context, credentials::RandomBytes{});
    tell(plan);
    if (change_.action != Action::Blocked) compare(plan);
    if (change_.action == Action::Blocked) change_.fields.clear();
    return std::move(change_);
  }

 private:
  void note(std::string text) { change_.notes.push_back(std::move(text)); }
  void block(std::string why) {
    change_.action = Action::Blocked;
    note(std::move(why));
  }

  void put_over(Json live) {
    const Json before = live.value("spec", Json::object());
    const Json& after = object_["spec"];
    for (const Difference& difference : diff(before, after)) {
      const std::string member =
          split_field_path(difference.path).empty() ? "" : split_field_path(difference.path)[0];
      if (!is_system(change_.declared) && !kKept.contains(member))
        note("spec." + difference.path + " changes; the store keeps nothing of it");
    }
    Json& metadata = live["metadata"];
    if (before != after) metadata["generation"] = metadata.value("generation", Generation{0}) + 1;
    const Json& annotations = meta::member_of(object_, "annotations");
    if (annotations.is_object()) metadata["annotations"].update(annotations);
    live["spec"] = after;
    object_ = std::move(live);
    exists_ = true;
  }

  // Without the cluster the resource is thought to be the one that owns the row.
  void take_uid() {
    if (exists_) return;
    const bool owned = view_.own && view_.own->standing == plan::Standing::Owned;
    if (!seen_ && owned) {
      view_.resource.uid = view_.own->owner.uid;
      view_.resource.generation = view_.own->owner.generation + 1;
    } else {
      view_.resource.uid = Uid(kUidToCome);
      view_.resource.generation = 1;
    }
  }

  Result<void> resolve_scopes() {
    const api::UserResource& user = view_.resource;
    policy::Catalogue scopes = catalogue_.scopes;
    if (is_system(change_.declared)) {
      view_.scopes = policy::resolve_scopes(user.spec.scopes, scopes, {}, policy::Reach::Platform);
    } else {
      std::optional<Labels> labels;
      if (const auto found = declared_namespaces_.find(user.key.ns); found != declared_namespaces_.end()) {
        labels = found->second;
      } else {
        NEOID_TRY(labels, live_.namespace_labels(user.key.ns));
      }
      for (const std::string& name : user.spec.scopes) doubt(name, labels.has_value(), scopes);
      view_.scopes = policy::resolve_scopes(user.spec.scopes, scopes, labels.value_or(Labels()),
                                            policy::Reach::Namespace);
    }
    for (const std::string& name : view_.scopes.unknown)
      note("scope " + name + " is not in the catalogue: not granted");
    for (const std::string& name : view_.scopes.not_allowed)
      note("scope " + name + " is not for namespace " + user.key.ns + ": not granted");
    for (const std::string& name : view_.scopes.deprecated) note("scope " + name + " is deprecated");
    return {};
  }

  // Where nobody can say whether the namespace may have the scope: it is taken to keep what it has.
  void doubt(const std::string& name, bool labels_known, policy::Catalogue& scopes) {
    const auto found = scopes.find(name);
    if (found == scopes.end()) return;
    const bool bounded = !found->second.allowed_namespaces.all();
    const auto& has = view_.own ? view_.own->config.scopes : std::vector<std::string>();
    const bool holds = std::binary_search(has.begin(), has.end(), name);
    if (bounded && !labels_known) {
      note("whether namespace " + view_.resource.key.ns + " may have scope " + name + " is not known");
      if (holds) found->second.allowed_namespaces = {};
    } else if (catalogue_.unbounded.contains(name) && !holds) {
      note("whether namespace " + view_.resource.key.ns + " may have scope " + name + " is not known");
    }
  }

  // Secrets are not read: each is taken to hold what the store calls current.
  void think_of_secret() {
    view_.resource.status.credentials = {};
    const plan::StoredVersion* current = view_.own ? view_.own->current() : nullptr;
    if (current == nullptr || view_.resource.spec.source != api::CredentialSource::Generate) return;
    plan::SecretView secret;
    secret.type = plan::kSecretType;
    secret.annotations[std::string(credentials::annotation::kResourceUid)] = view_.resource.uid.value;
    secret.data[view_.resource.spec.keys.client_secret].hash = current->hash;
    view_.secret = std::move(secret);
  }

  void tell(const plan::Plan& plan) {
    if (plan.paused)
      note("paused: nothing is done until the annotation identity.neostella.com/paused is taken off");
    if (plan.observes) {
      note(plan.drift.empty() ? "observed: nothing is changed"
                              : fmt::format("observed: nothing is changed, though it differs in {}",
                                            fmt::join(plan.drift, ", ")));
    }
    if (plan.identity_problem) {
      if (plan.identity_problem->stalled)
        block(plan.identity_problem->message);
      else
        note(plan.identity_problem->message);
    }
    if (view_.resource.spec.source == api::CredentialSource::Reference) {
      note("the credential is what Secret " + view_.resource.spec.secret_namespace + "/" +
           view_.resource.spec.secret_name + " holds, which was not read");
    } else if (plan.credentials_problem) {
      note(plan.credentials_problem->message);
    }
  }

  void compare(const plan::Plan& plan) {
    const bool adopts = !view_.own && view_.resource.spec.adopt;
    const Identity before = view_.own ? view_.own : adopts ? view_.adoptable : std::nullopt;
    Identity after = before;
    for (const auto* step : {&plan.before, &plan.after}) {
      if (!*step) continue;
      auto applied = store::apply_change(**step, facts(), after);
      if (!applied) return block(applied.error().message);
      after = std::move(*applied);
    }
    if (before) change_.user_id = before->user_id.value;
    if (!after) return;
    add_fields(before, *after);
    add_credentials(before, *after);
    if (!change_.fields.empty()) change_.action = before ? Action::Update : Action::Create;
  }

  store::ApplyFacts facts() const {
    store::ApplyFacts facts;
    facts.now = view_.now;
    facts.scope_exists = [this](const std::string& scope) { return catalogue_.scopes.contains(scope); };
    facts.client_id_holder = [](const ClientId&) { return std::nullopt; };
    facts.occupant = [this](const api::ResourceKey&) {
      return view_.own ? std::optional(view_.own->user_id) : std::nullopt;
    };
    return facts;
  }

  void add_fields(const Identity& before, const plan::StoredIdentity& after) {
    const store::ChangeText text = store::describe_change(before ? &*before : nullptr, &after);
    const Json old_side = text.before.empty() ? Json::object() : Json::parse(text.before);
    Json new_side = text.after.empty() ? Json::object() : Json::parse(text.after);
    if (!before) new_side["userID"] = after.user_id.value;
    Json names = old_side;
    names.update(new_side);
    for (const auto& [name, ignored] : names.items()) {
      if (kBookkeeping.contains(name) || name == "versions") continue;
      if (name == "spec") {
        add_spec(old_side.value(name, ""), new_side.value(name, ""));
        continue;
      }
      const auto side = [&, &name = name](const Json& json) { return json.value(name, Json()); };
      add(name, side(old_side), side(new_side), !before);
    }
  }

  void add(const std::string& field, Json before, Json after, bool is_new) {
    const bool derived = field == "userID" || field == "clientID";
    if (derived && is_new && view_.resource.uid.value == kUidToCome) after = kUnknown;
    const bool says_nothing = is_new && (after == "" || after == Json::array() || field == "standing");
    if (!says_nothing) change_.fields.push_back({field, std::move(before), std::move(after)});
  }

  // The whole spec of a system user, as it differs.
  void add_spec(const std::string& before, const std::string& after) {
    const auto parsed = [](const std::string& text) {
      return text.empty() ? Json::object() : Json::parse(text);
    };
    for (Difference& difference : diff(parsed(before), parsed(after))) {
      if (before.empty()) return;  // all of it is new, and told field by field
      const auto path = split_field_path(difference.path);
      if (!path.empty() && kKept.contains(path.front())) continue;
      change_.fields.push_back(
          {"spec." + difference.path, difference.before.value_or(Json()), difference.after.value_or(Json())});
    }
  }

  void add_credentials(const Identity& before, const plan::StoredIdentity& after) {
    const plan::StoredVersion* old_current = before ? before->current() : nullptr;
    const plan::StoredVersion* current = after.current();
    const auto number = [](const plan::StoredVersion* version) {
      return version ? Json(version->number) : Json();
    };
    if (number(old_current) != number(current)) {
      change_.fields.push_back(
          {"credential", number(old_current), current == nullptr ? Json() : Json(kUnknown)});
    }
    if (!before) return;
    for (const plan::StoredVersion& version : before->versions) {
      const plan::StoredVersion* now = after.version(version.number);
      if (now == nullptr || !version.accepted(view_.now)) continue;
      const std::string name = fmt::format("credential {}", version.number);
      if (!now->accepted(view_.now)) {
        change_.fields.push_back({name, "accepted", "revoked"});
      } else if (!version.valid_until && now->valid_until) {
        change_.fields.push_back(
            {name, "accepted", "accepted for another " + format_duration(*now->valid_until - view_.now)});
      }
    }
  }

  Live& live_;
  const Catalogue& catalogue_;
  const std::map<std::string, Labels>& declared_namespaces_;
  Json object_;
  bool seen_ = false;    // the cluster was asked, and answered
  bool exists_ = false;  // ... that it is there
  plan::UserView view_;
  Change change_;
};

Result<plan::PlanContext> context_of(Live& live) {
  plan::PlanContext context;
  context.cluster = live.cluster();
  NEOID_TRY(const Epoch epoch, live.store().stored_epoch(live.cluster()));
  context.epoch = std::max<Epoch>(epoch, 1);
  context.sealing_key = live.store().keys().sealing;
  context.fingerprint_key = live.store().keys().fingerprint;
  return context;
}

}  // namespace

Result<std::vector<Change>> user_changes(Live& live, const Catalogue& catalogue,
                                         const std::map<std::string, Labels>& declared_namespaces,
                                         std::vector<Declared> users) {
  NEOID_TRY(const plan::PlanContext context, context_of(live));
  std::vector<UserPass> passes;
  std::vector<store::IdentityRef> refs;
  for (Declared& user : users) {
    UserPass& pass = passes.emplace_back(live, catalogue, declared_namespaces, std::move(user));
    NEOID_TRY(store::IdentityRef ref, pass.read());
    refs.push_back(std::move(ref));
  }
  NEOID_TRY(store::Observation observed, live.store().observe(live.cluster(), refs));
  std::vector<Change> changes;
  for (std::size_t i = 0; i < passes.size(); ++i) {
    NEOID_TRY(Change change, passes[i].decide(context, observed.now, std::move(observed.identities[i])));
    changes.push_back(std::move(change));
  }
  return changes;
}

Change scope_change(const Live& live, const api::ScopeResource& scope, Declared declared) {
  const plan::StoredScope after = plan::stored_scope(scope);
  const auto& stored = live.stored_scopes();
  const auto found =
      std::find_if(stored.begin(), stored.end(), [&](const auto& one) { return one.name == after.name; });
  const bool is_new = found == stored.end();
  const plan::StoredScope before = is_new ? plan::StoredScope{} : *found;
  Change change;
  change.declared = std::move(declared);
  const auto add = [&](const char* field, Json from, Json to) {
    if (from != to) change.fields.push_back({field, is_new ? Json() : std::move(from), std::move(to)});
  };
  add("displayName", before.display_name, after.display_name);
  add("description", before.description, after.description);
  add("tool", before.tool, after.tool);
  const auto permissions = [](const std::string& text) { return Json::parse(text, nullptr, false); };
  add("permissions", before.permissions.empty() ? Json::array() : permissions(before.permissions),
      permissions(after.permissions));
  add("deprecated", before.deprecated, after.deprecated);
  if (is_new)
    change.action = Action::Create;
  else if (!change.fields.empty())
    change.action = Action::Update;
  return change;
}

}  // namespace neoid::preview
