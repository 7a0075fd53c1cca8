#include "controller/reconcilers/user_reconciler.h"

#include <algorithm>
#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "controller/base/random.h"
#include "controller/reconcilers/commit_points.h"
#include "reconcile/api/reasons.h"

namespace neoid::reconcilers {

// One key on its way through a batch.
struct UserReconciler::Pass {
  api::ResourceKey key;
  Json object;  // as read live; null in a cached view
  plan::UserView view;
  plan::Plan plan;
  plan::PlanContext* context = nullptr;
  SteadyTime started;  // of step 2: a create is sent within the deadline from here
  std::optional<plan::StoredIdentity> identity;
  std::optional<Sha256> secret_hash;
  std::optional<Error> store_error;
  std::optional<Error> api_error;
  bool gone = false;     // the resource is definitely absent
  bool dropped = false;  // nothing more is done in this pass; it was scheduled again

  bool open() const { return !dropped && !gone; }
  bool failed() const { return store_error || api_error; }
};

namespace {

std::optional<Sha256> hash_in(const plan::UserView& view, const std::optional<plan::SecretView>& secret) {
  if (!secret) return std::nullopt;
  const auto found = secret->data.find(view.resource.spec.keys.client_secret);
  if (found == secret->data.end()) return std::nullopt;
  return found->second.hash;
}

// Somebody was faster: the next pass reads what they did, and there is nothing to tell.
bool is_overtaken(const Error& error) {
  return error.kind == ErrorKind::Conflict && error.reason != api::reason::kOwnedByAnother &&
         error.reason != "ClientIdTaken";
}

store::IdentityRef reference(const api::UserResource& user) { return {user.key, user.spec.adopt}; }

}  // namespace

UserReconciler::UserReconciler(const Services& services)
    : services_(services),
      passes_(
          services.metrics.counter("neoid_reconcile_total", "Passes over a resource.", {{"kind", "user"}})),
      failures_(services.metrics.counter("neoid_reconcile_failures_total",
                                         "Passes that a write or a read failed in.", {{"kind", "user"}})),
      drift_(services.metrics.counter("neoid_drift_corrected_total",
                                      "Changes of outside hands that were put back.")),
      seconds_(services.metrics.histogram("neoid_reconcile_seconds", "How long a batch of passes took.",
                                          latency_buckets(), {{"kind", "user"}})) {}

plan::PlanContext UserReconciler::context(const Term& term) const {
  plan::PlanContext context;
  context.cluster = services_.cluster_id;
  context.epoch = term.writer.epoch;
  context.sealing_key = services_.store.keys().sealing;
  context.fingerprint_key = services_.store.keys().fingerprint;
  context.create_deadline = services_.settings.create_deadline;
  context.clock_margin = services_.settings.clock_margin;
  context.may_create_secrets =
      term.clean || services_.clock.steady_now() - term.claimed_at >
                        2 * services_.settings.create_deadline + services_.settings.clock_margin;
  context.token_url = services_.settings.token_url;
  context.issuer = services_.settings.issuer;
  return context;
}

policy::ScopeResolution UserReconciler::resolve(const api::UserResource& user,
                                                const policy::Catalogue& catalogue) const {
  if (user.key.kind == api::Kind::SystemIntegrationUser)
    return policy::resolve_scopes(user.spec.scopes, catalogue, {}, policy::Reach::Platform);
  const auto space = services_.caches.space(user.key.ns);
  static const std::map<std::string, std::string> kNoLabels;
  return policy::resolve_scopes(user.spec.scopes, catalogue, space ? space->labels : kNoLabels,
                                policy::Reach::Namespace);
}

void UserReconciler::reconcile(std::span<const api::ResourceKey> keys) {
  const auto term = services_.leadership.current();
  if (!term) return;  // a new term queues everything
  const SteadyTime started = services_.clock.steady_now();
  plan::PlanContext shared = context(*term);
  Passes passes = look(keys, shared);
  for (Pass& pass : passes) pass.context = &shared;
  if (!passes.empty()) {
    crash_point("pass-begun");
    gather(passes, shared);
    crash_point("pass-has-looked");
    drop_the_gone(passes, *term);
    act(passes, *term);
    services_.pool.for_each(passes.size(), [&](std::size_t i) {
      if (passes[i].open()) finish(passes[i]);
    });
  }
  passes_.add(static_cast<double>(keys.size()));
  seconds_.observe(std::chrono::duration<double>(services_.clock.steady_now() - started).count());
}

// --- look --------------------------------------------------------------------------------------

// The passes that a live read is needed for.
UserReconciler::Passes UserReconciler::look(std::span<const api::ResourceKey> keys,
                                            const plan::PlanContext& context) {
  Passes passes;
  std::vector<store::IdentityRef> refs;
  std::vector<std::size_t> cached;
  for (const api::ResourceKey& key : keys) {
    Pass pass;
    pass.key = key;
    if (const auto user = services_.caches.user(key)) {
      pass.view.resource = *user;
      refs.push_back(reference(*user));
      cached.push_back(passes.size());
    }
    passes.push_back(std::move(pass));
  }
  auto observed = services_.store.observe(services_.cluster_id, refs);
  if (!observed) return passes;  // gather tells it
  const policy::Catalogue catalogue = services_.caches.catalogue();
  for (std::size_t i = 0; i < cached.size(); ++i) {
    Pass& pass = passes[cached[i]];
    plan::UserView& view = pass.view;
    view.now = observed->now;
    view.own = std::move(observed->identities[i].own);
    view.adoptable = std::move(observed->identities[i].adoptable);
    view.scopes = resolve(view.resource, catalogue);
    if (const auto secret =
            services_.caches.secret(view.resource.spec.secret_namespace, view.resource.spec.secret_name))
      view.secret = *secret;
    if (view.resource.deleted_at) continue;
    pass.plan = plan::decide_user(view, context, credentials::RandomBytes{});
    if (pass.plan.needs_live()) continue;
    const status::StatusUpdate update = status::user_status(
        {view, pass.plan, context, view.own, hash_in(view, view.secret), std::nullopt, std::nullopt});
    if (update.changed) continue;
    services_.queue.forget(pass.key);
    if (update.come_back) services_.queue.add_after(pass.key, *update.come_back);
    pass.dropped = true;
  }
  std::erase_if(passes, [](const Pass& pass) { return pass.dropped; });
  return passes;
}

// --- gather ------------------------------------------------------------------------------------

void UserReconciler::store_failed(Passes& passes, const Error& error) {
  for (Pass& pass : passes) {
    if (!pass.open() || pass.store_error) continue;
    pass.store_error = error;
    pass.plan = plan::Plan{};
    pass.view.now = services_.clock.now();  // the database's was not to be had
  }
}

void UserReconciler::gather(Passes& passes, const plan::PlanContext& context) {
  // In this order: the database's clock, the resource, the Secret, the stored identity.
  const auto clock = services_.store.observe(services_.cluster_id, {});
  const policy::Catalogue catalogue = services_.caches.catalogue();
  services_.pool.for_each(passes.size(), [&](std::size_t i) { gather_one(passes[i], catalogue); });
  if (!clock) return store_failed(passes, clock.error());

  std::vector<store::IdentityRef> refs;
  for (const Pass& pass : passes) {
    if (!pass.dropped)
      refs.push_back(pass.gone ? store::IdentityRef{pass.key, {}} : reference(pass.view.resource));
  }
  auto observed = services_.store.observe(services_.cluster_id, refs);
  if (!observed) return store_failed(passes, observed.error());
  std::size_t next = 0;
  for (Pass& pass : passes) {
    if (pass.dropped) continue;
    store::ObservedIdentity& identity = observed->identities[next++];
    pass.view.now = clock->now;
    pass.view.own = std::move(identity.own);
    pass.view.adoptable = std::move(identity.adoptable);
    if (pass.gone) continue;
    pass.started = services_.clock.steady_now();
    pass.plan = plan::decide_user(pass.view, context, random_array<32>());
    pass.identity = pass.view.own;
    pass.secret_hash = hash_in(pass.view, pass.view.secret);
  }
}

void UserReconciler::gather_one(Pass& pass, const policy::Catalogue& catalogue) {
  const auto give_up = [&](const Error& error) {
    log::warn("a live read failed; trying again",
              {{"resource", pass.key.text()}, {"error", error.describe()}});
    failures_.add();
    services_.queue.retry(pass.key);
    pass.dropped = true;
  };
  auto object = services_.cluster.read(pass.key);
  if (!object) return give_up(object.error());
  if (!*object) {
    pass.gone = true;
    return;
  }
  auto user = api::decode_user(pass.key.kind, **object);
  if (!user) return give_up(user.error());
  pass.object = std::move(**object);
  pass.view.resource = std::move(*user);
  const api::UserSpec& spec = pass.view.resource.spec;
  auto secret = services_.cluster.read_secret(spec.secret_namespace, spec.secret_name);
  if (!secret) return give_up(secret.error());
  pass.view.secret = std::move(*secret);
  pass.view.scopes = resolve(pass.view.resource, catalogue);
  const auto space = services_.caches.space(spec.secret_namespace);
  pass.view.namespace_terminating = space && space->terminating;
  if (pass.view.resource.deleted_at) {
    const auto going = services_.cluster.kind_is_going(pass.key.kind);
    if (!going) return give_up(going.error());
    pass.view.kind_terminating = *going;
  }
}

// Resources that are definitely gone. Their rows went with the finalizer, unless somebody took that away: then what
// they left is revoked, and a system user that nobody retired is made anew.
void UserReconciler::drop_the_gone(Passes& passes, const Term& term) {
  for (Pass& pass : passes) {
    if (!pass.gone || pass.dropped) continue;
    services_.queue.forget(pass.key);
    if (pass.store_error || !pass.view.own || pass.view.own->standing != plan::Standing::Owned) continue;
    const auto going = services_.cluster.kind_is_going(pass.key.kind);
    if (!going || *going) continue;  // its kind is gone: nothing of it is revoked or made
    const plan::StoredIdentity& own = *pass.view.own;
    if (pass.key.kind == api::Kind::SystemIntegrationUser) {
      log::warn("a system user was deleted without being retired; making it anew",
                {{"resource", pass.key.text()}});
      const Json spec = Json::parse(own.config.spec, nullptr, false);
      if (auto made = services_.cluster.create_resource(pass.key, spec); !made)
        services_.queue.retry(pass.key);
      crash_point("system-user-recreated");
      continue;
    }
    plan::IdentityChange change{
        own.user_id, own.owner, "unknown", "the resource is gone", {plan::LeaveBehind{}}};
    log::warn("a resource is gone without its finalizer; its credentials are revoked",
              {{"resource", pass.key.text()}});
    if (auto result = services_.store.commit(term.writer, {&change, 1}); !result || !result->front())
      services_.queue.retry(pass.key);
    crash_point("revocation-committed");
  }
}

// --- act ---------------------------------------------------------------------------------------

void UserReconciler::act(Passes& passes, const Term& term) {
  services_.pool.for_each(passes.size(), [&](std::size_t i) {
    Pass& pass = passes[i];
    if (!pass.open() || pass.plan.finalizer != plan::FinalizerAction::Add) return;
    auto object = services_.cluster.set_finalizer(pass.key, pass.object, true);
    if (!object) {
      pass.api_error = object.error();
      return;
    }
    pass.object = std::move(*object);
    crash_point("finalizer-added");
  });
  commit(passes, term, &plan::Plan::before);
  services_.pool.for_each(passes.size(), [&](std::size_t i) {
    if (passes[i].open() && !passes[i].failed()) write_secret(passes[i]);
  });
  commit(passes, term, &plan::Plan::after);
}

// The change of every pass that has one and did not fail yet, in one transaction.
void UserReconciler::commit(Passes& passes, const Term& term,
                            std::optional<plan::IdentityChange> plan::Plan::*which) {
  std::vector<plan::IdentityChange> changes;
  std::vector<Pass*> owners;
  for (Pass& pass : passes) {
    if (!pass.open() || pass.failed() || !(pass.plan.*which)) continue;
    changes.push_back(std::move(*(pass.plan.*which)));
    owners.push_back(&pass);
  }
  if (changes.empty()) return;
  auto results = services_.store.commit(term.writer, changes);
  if (!results && results.error().reason == "Fenced") services_.leadership.suspect();
  if (results && crash_points_armed()) {
    for (std::size_t i = 0; i < owners.size(); ++i) {
      if ((*results)[i]) come_by_commit_points(changes[i], owners[i]->view.resource.spec.source);
    }
  }
  for (std::size_t i = 0; i < owners.size(); ++i) {
    Pass& pass = *owners[i];
    if (!results) {
      pass.store_error = results.error();
    } else if (!(*results)[i]) {
      pass.store_error = (*results)[i].error();
    } else {
      pass.identity = std::move(*(*results)[i]);
    }
  }
}

void UserReconciler::write_secret(Pass& pass) {
  const api::UserSpec& spec = pass.view.resource.spec;
  if (const auto* create = std::get_if<plan::CreateSecret>(&pass.plan.secret)) {
    send_create(pass, *create);
  } else if (const auto* update = std::get_if<plan::UpdateSecret>(&pass.plan.secret)) {
    Json body = update_body(*update);
    auto made = services_.cluster.update_secret(spec.secret_namespace, spec.secret_name, body);
    wipe(body);
    if (made)
      pass.secret_hash = hash_in(pass.view, *made);
    else
      pass.api_error = made.error();
    crash_point("secret-updated");
  } else if (const auto* remove = std::get_if<plan::DeleteSecret>(&pass.plan.secret)) {
    if (auto done = services_.cluster.delete_secret(spec.secret_namespace, spec.secret_name, remove->uid);
        !done)
      pass.api_error = done.error();
    crash_point("secret-deleted");
  }
}

// Sent once, only within the deadline from the start of step 2; nothing sends it again.
void UserReconciler::send_create(Pass& pass, const plan::CreateSecret& create) {
  const api::UserSpec& spec = pass.view.resource.spec;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      pass.started + services_.settings.create_deadline - services_.clock.steady_now());
  if (left <= std::chrono::milliseconds(0)) {
    pass.api_error =
        Error{ErrorKind::Unavailable, "the deadline for creating the Secret passed before it was sent"};
    return;
  }
  Json body =
      create_body(create, spec.secret_namespace, spec.secret_name, {pass.key, pass.view.resource.uid});
  auto made = services_.cluster.create_secret(body, spec.secret_namespace, left);
  wipe(body);
  crash_point("secret-created");
  if (made) {
    pass.secret_hash = hash_in(pass.view, *made);
    return;
  }
  if (made.error().kind == ErrorKind::Timeout || made.error().kind == ErrorKind::Internal)
    services_.leadership.note_unanswered_create();
  pass.api_error = made.error();
}

// --- status, finalizer, events, and when to come back ---------------------------------------------

void UserReconciler::finish(Pass& pass) {
  if (pass.failed()) {
    failures_.add();
    const Error& error = pass.store_error ? *pass.store_error : *pass.api_error;
    if (!is_overtaken(error) && error.reason != "Fenced")
      log::warn("a pass failed; trying again", {{"resource", pass.key.text()}, {"error", error.describe()}});
    if (error.reason == "Fenced") return;  // the next term queues everything
  }
  if (!pass.plan.drift.empty() && !pass.plan.observes && !pass.failed()) drift_.add();
  const plan::PlanContext& context = *pass.context;
  const status::UserOutcome outcome{pass.view,        pass.plan,        context,       pass.identity,
                                    pass.secret_hash, pass.store_error, pass.api_error};
  if (pass.view.resource.deleted_at) {
    if (pass.failed()) {
      services_.queue.retry(pass.key);
    } else if (pass.plan.finalizer == plan::FinalizerAction::Remove) {
      auto done = services_.cluster.set_finalizer(pass.key, pass.object, false);
      if (!done && done.error().kind != ErrorKind::NotFound) services_.queue.retry(pass.key);
      crash_point("finalizer-removed");
    }
    return;
  }
  const status::StatusUpdate update = status::user_status(outcome);
  for (const status::Event& event : update.events)
    services_.events.tell(pass.key, pass.view.resource.uid, event);
  if (!update.events.empty()) crash_point("event-written");
  const bool overtaken =
      pass.failed() && is_overtaken(pass.store_error ? *pass.store_error : *pass.api_error);
  bool wrote = true;
  // What starts again at once has nothing to tell yet, unless it failed.
  const bool says_nothing = overtaken || (pass.plan.again && !pass.failed());
  if (update.changed && !says_nothing) {
    auto done = services_.cluster.put_status(pass.key, pass.object, api::encode_status(update.status));
    wrote = done.has_value() || done.error().kind == ErrorKind::NotFound;
    if (!wrote && done.error().kind != ErrorKind::Conflict)
      log::warn("a status was not taken; trying again",
                {{"resource", pass.key.text()}, {"error", done.error().describe()}});
    crash_point("status-written");
  }
  if (pass.failed() || !wrote) {
    services_.queue.retry(pass.key);
    return;
  }
  services_.queue.forget(pass.key);
  if (update.come_back) services_.queue.add_after(pass.key, *update.come_back, runtime::Priority::Urgent);
}

}  // namespace neoid::reconcilers
