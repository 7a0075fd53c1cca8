// What to do with one user: its whole life but for the credential itself, which credential_plan.cc decides.
#include <algorithm>
#include <utility>

#include "reconcile/api/reasons.h"
#include "reconcile/plan/credential_plan.h"
#include "reconcile/plan/plan.h"

namespace neoid::plan {
namespace {

using api::Kind;

bool is_system(const UserView& view) { return view.resource.key.kind == Kind::SystemIntegrationUser; }

Ownership ownership(const UserView& view, const PlanContext& context) {
  return {context.cluster, view.resource.key, view.resource.uid, view.resource.generation};
}

IdentityChange change_for(const UserView& view, const PlanContext& context, const UserId& user,
                          std::string cause) {
  IdentityChange change;
  change.user_id = user;
  change.owner = ownership(view, context);
  change.actor = view.resource.requested_by.empty() ? "unknown" : view.resource.requested_by;
  change.cause = std::move(cause);
  return change;
}

bool row_is_of_this_resource(const UserView& view) {
  return view.own && view.own->standing == Standing::Owned && view.own->owner.uid == view.resource.uid;
}

IdentityConfig wanted_config(const UserView& view) {
  IdentityConfig config;
  config.display_name = view.resource.spec.display_name;
  config.description = view.resource.spec.description;
  config.active = view.resource.spec.active;
  config.scopes = view.scopes.granted;
  config.tags = view.resource.spec.tags;
  std::sort(config.tags.begin(), config.tags.end());
  config.tags.erase(std::unique(config.tags.begin(), config.tags.end()), config.tags.end());
  if (is_system(view)) config.spec = view.resource.spec_json.dump();
  return config;
}

// The fields that outside hands changed. A row that still has the digest of our last write differs from what is
// wanted only because the resource or the catalogue moved on; that is no drift, unless somebody forged the digest too.
std::vector<std::string> drifted_fields(const UserView& view, const IdentityConfig& wanted) {
  std::vector<std::string> fields;
  if (!row_is_of_this_resource(view)) return fields;
  const StoredIdentity& own = *view.own;
  const bool spec_is_stored = own.owner.generation == view.resource.generation;
  if (own.untouched && !spec_is_stored) return fields;
  const IdentityConfig& stored = own.config;
  if (stored.active != wanted.active) fields.push_back("active");
  if (stored.description != wanted.description) fields.push_back("description");
  if (stored.display_name != wanted.display_name) fields.push_back("displayName");
  if (!own.untouched && stored.scopes != wanted.scopes) fields.push_back("scopes");
  if (stored.tags != wanted.tags) fields.push_back("tags");
  if (fields.empty() && !own.untouched) fields.push_back("ownership");
  return fields;
}

// --- ends of a life ----------------------------------------------------------------------------

Plan release_plan(const UserView& view, const PlanContext& context) {
  Plan plan;
  plan.finalizer = view.resource.has_finalizer ? FinalizerAction::Remove : FinalizerAction::Keep;
  if (row_is_of_this_resource(view)) {
    plan.before = change_for(view, context, view.own->user_id, "the resource's kind or management went away");
    plan.before->operations.push_back(ReleaseOwner{});
  }
  return plan;
}

Plan deletion_plan(const UserView& view, const PlanContext& context) {
  const api::UserSpec& spec = view.resource.spec;
  if (spec.management_policy == api::ManagementPolicy::Observe) return release_plan(view, context);
  Plan plan;
  plan.finalizer = view.resource.has_finalizer ? FinalizerAction::Remove : FinalizerAction::Keep;
  // A system user that was not retired: admission was passed by. The identity stays, and the resource is made anew.
  if (is_system(view) && !view.resource.retire) return plan;
  // Keyed on the recorded owner, never on a name in the spec.
  if (row_is_of_this_resource(view)) {
    plan.before = change_for(view, context, view.own->user_id, "the resource was deleted");
    if (spec.deletion_policy == api::DeletionPolicy::Deactivate)
      plan.before->operations.push_back(LeaveBehind{});
    else
      plan.before->operations.push_back(DeleteIdentity{});
  }
  if (view.secret && spec.source == api::CredentialSource::Generate && is_our_secret(view))
    plan.secret = DeleteSecret{view.secret->uid};
  return plan;
}

Plan observation_plan(const UserView& view) {
  Plan plan;
  plan.observes = true;
  if (view.own) {
    plan.drift = drifted_fields(view, wanted_config(view));
    plan.drift_by = view.own->touched_by;
  } else {
    plan.identity_problem =
        Finding{std::string(api::reason::kUserNotFound),
                "No such user is in the store, and managementPolicy Observe makes none.", false};
  }
  return plan;
}

// --- taking an identity ------------------------------------------------------------------------

struct Ids {
  UserId user;
  ClientId client;
};

// Those of the store, the status or the seal; else derived, so that every replica would choose the same.
Ids choose_ids(const UserView& view, const PlanContext& context, const CredentialFacts& facts) {
  if (view.own) return {view.own->user_id, view.own->client_id};
  if (view.adoptable) return {view.adoptable->user_id, view.adoptable->client_id};
  const api::UserStatus& status = view.resource.status;
  if (!status.user_id.empty() && !status.client_id.empty()) return {status.user_id, status.client_id};
  if (facts.seal) return {facts.seal->user_id, facts.seal->client_id};
  Ids ids{credentials::derive_user_id(context.cluster, view.resource.uid),
          credentials::derive_client_id(context.cluster, view.resource.uid)};
  if (!facts.referenced_client_id.empty()) ids.client = facts.referenced_client_id;
  return ids;
}

// Whether spec.adopt may take that user: released to this namespace, or left behind by it.
std::optional<Finding> adoption_problem(const UserView& view, const PlanContext& context) {
  const UserId& wanted = *view.resource.spec.adopt;
  if (!view.adoptable) {
    return Finding{std::string(api::reason::kUserNotFound),
                   "spec.adopt names user " + wanted.value + ", which is not in the store.", true};
  }
  const StoredIdentity& user = *view.adoptable;
  if (user.kind == UserKind::System || user.standing == Standing::Owned) {
    return Finding{std::string(api::reason::kOwnedByAnother),
                   "User " + wanted.value + " belongs to another resource; spec.adopt cannot take it.", true};
  }
  const bool left_here = user.standing == Standing::LeftBehind && user.owner.cluster == context.cluster &&
                         user.owner.resource.ns == view.resource.key.ns;
  if (left_here || (!user.released_to.empty() && user.released_to == view.resource.key.ns))
    return std::nullopt;
  return Finding{std::string(api::reason::kNotReleased),
                 "User " + wanted.value + " was not released to namespace " + view.resource.key.ns +
                     "; the platform does that with: neoid release " + wanted.value + " --to " +
                     view.resource.key.ns,
                 true};
}

// A row of a resource that is gone for certain, since this live one has another uid. (A system user's is taken over.)
bool row_is_of_one_that_is_gone(const UserView& view) {
  return !is_system(view) && view.own && view.own->standing == Standing::Owned &&
         view.own->owner.uid != view.resource.uid;
}

// ... and this resource is another user already: the row was deleted, and a restored store has brought it back. (Had
// it been left behind, this resource would be that user.)
bool row_was_brought_back(const UserView& view, const CredentialFacts& facts) {
  if (!row_is_of_one_that_is_gone(view)) return false;
  const UserId& listed = view.resource.status.user_id;
  if (!listed.empty()) return listed != view.own->user_id;
  return facts.seal && facts.seal->user_id != view.own->user_id;
}

Plan sweep_plan(const UserView& view, const PlanContext& context) {
  Plan plan;
  plan.before = change_for(view, context, view.own->user_id, "a restored store had brought it back");
  plan.before->operations.push_back(DeleteIdentity{});
  plan.again = true;
  return plan;
}

// --- configuration -----------------------------------------------------------------------------

void add_configuration(const UserView& view, const Ids& ids, const IdentityConfig& wanted,
                       IdentityChange& change) {
  const bool settled = row_is_of_this_resource(view) && view.own->untouched && view.own->config == wanted &&
                       view.own->owner.generation == view.resource.generation;
  if (settled) return;
  PutIdentity put;
  put.kind = is_system(view) ? UserKind::System : UserKind::Custom;
  put.client_id = ids.client;
  put.config = wanted;
  put.adopt = view.adoptable.has_value() || (view.own && view.own->standing != Standing::Owned);
  if (is_system(view) && view.own && view.own->owner.uid != view.resource.uid)
    put.predecessor = view.own->owner.uid;
  change.operations.push_back(std::move(put));
}

void add_hold(const UserView& view, IdentityChange& change) {
  const bool held = view.own && view.own->hold;
  if (!view.resource.deactivated.empty()) {
    if (!held) change.operations.push_back(PlaceHold{view.resource.deactivated});
    return;
  }
  if (!held) return;
  const auto requested_at = parse_time(view.resource.reactivate);
  if (requested_at && *requested_at > view.own->hold->since)
    change.operations.push_back(LiftHold{*requested_at});
}

std::string cause_of(const UserView& view, const Plan& plan) {
  if (!plan.drift.empty()) return "drift";
  if (!view.own) return view.adoptable ? "adopted" : "created";
  if (view.own->standing != Standing::Owned) return "resumed";
  if (view.own->owner.uid != view.resource.uid) return "the resource was made anew";
  if (view.own->owner.generation != view.resource.generation) return "the resource changed";
  return "reconciled";
}

Plan enforcement_plan(const UserView& view, const PlanContext& context,
                      const credentials::RandomBytes& random) {
  Plan plan;
  if (view.own && view.own->owner.uid == view.resource.uid &&
      view.own->owner.generation > view.resource.generation) {
    plan.again = true;  // the store has seen a newer resource than this view: read live
    return plan;
  }
  if (!view.resource.has_finalizer) plan.finalizer = FinalizerAction::Add;

  const bool adopts = !view.own && view.resource.spec.adopt;
  if (adopts) plan.identity_problem = adoption_problem(view, context);
  if (plan.identity_problem) return plan;

  const CredentialFacts facts = credential_facts(view, context);
  if (row_was_brought_back(view, facts)) return sweep_plan(view, context);
  plan.credentials_problem = facts.conflict;
  if (facts.conflict && !view.own)
    return plan;  // nothing is made for a resource whose Secret is somebody else's

  const Ids ids = choose_ids(view, context, facts);
  const IdentityConfig wanted = wanted_config(view);
  plan.drift = drifted_fields(view, wanted);
  if (!plan.drift.empty()) plan.drift_by = view.own->touched_by;

  IdentityChange change = change_for(view, context, ids.user, cause_of(view, plan));
  if (!plan.drift.empty()) change.actor = "neoid";
  // What the one before was given ends with it; its name is resumed, as after deletionPolicy Deactivate.
  if (row_is_of_one_that_is_gone(view)) change.operations.push_back(RevokeAll{});
  add_configuration(view, ids, wanted, change);
  if (!is_system(view)) add_hold(view, change);
  if (!facts.conflict) add_credentials(view, context, facts, {ids.user, ids.client}, random, change, plan);
  if (!change.operations.empty()) plan.before = std::move(change);
  return plan;
}

}  // namespace

Plan decide_user(const UserView& view, const PlanContext& context, const credentials::RandomBytes& random) {
  if (view.kind_terminating) return release_plan(view, context);
  if (view.resource.deleted_at) return deletion_plan(view, context);
  if (view.resource.paused) {
    Plan plan;
    plan.paused = true;
    return plan;
  }
  if (view.resource.spec.management_policy == api::ManagementPolicy::Observe) return observation_plan(view);
  return enforcement_plan(view, context, random);
}

}  // namespace neoid::plan
