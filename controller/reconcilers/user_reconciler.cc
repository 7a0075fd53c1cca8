#include "controller/reconcilers/user_reconciler.h"

#include <algorithm>
#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "controller/base/random.h"
#include "reconcile/api/reasons.h"

namespace neoid::reconcilers {
namespace {

store::IdentityRef reference(const api::UserResource& user) { return {user.key, user.spec.adopt}; }

// A resource that nobody has reconciled in this form: a look would only find that much is to do.
bool is_unseen(const api::UserResource& user) {
  return !user.deleted_at && (!user.has_finalizer || user.status.observed_generation != user.generation);
}

status::UserOutcome outcome_of(const UserPass& pass, const plan::PlanContext& context) {
  return {pass.view, pass.plan, context, pass.identity, pass.secret_hash(), pass.store_error, pass.api_error};
}

}  // namespace

bool is_overtaken(const Error& error) {
  return error.kind == ErrorKind::Conflict && error.reason != api::reason::kOwnedByAnother &&
         error.reason != "ClientIdTaken";
}

UserReconciler::UserReconciler(const Services& services) : services_(services) {}

plan::PlanContext UserReconciler::context(const Term& term) const {
  plan::PlanContext context;
  context.cluster = services_.cluster_id;
  context.epoch = term.writer.epoch;
  context.sealing_key = services_.store.keys().sealing;
  context.fingerprint_key = services_.store.keys().fingerprint;
  context.create_deadline = services_.settings.create_deadline;
  context.clock_margin = services_.settings.clock_margin;
  context.may_create_secrets =
      term.clean || services_.clock.steady_now() - term.claimed_at > services_.settings.create_wait();
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
  if (!term) {  // a new term queues everything
    if (const auto lost = services_.leadership.store_lost()) tell_of_the_store(keys, *lost);
    return;
  }
  const SteadyTime started = services_.clock.steady_now();
  const plan::PlanContext shared = context(*term);
  UserPasses passes = look(keys, shared);
  if (!passes.empty()) {
    for (const UserPass& pass : passes) services_.caches.begin_pass(pass.key);
    crash_point("pass-begun");
    gather(passes, shared);
    crash_point("pass-has-looked");
    drop_the_gone(passes, *term);
    act(passes, *term);
    services_.pool.for_each(passes.size(), [&](std::size_t i) {
      UserPass& pass = passes[i];
      if (pass.open()) finish(pass, shared);
      services_.caches.end_pass(pass.key, pass.settled, pass.wrote);
    });
    for (const UserPass& pass : passes) services_.meters.pass(pass.key.kind, result_of(pass));
  }
  services_.meters.batch(keys.front().kind, services_.clock.steady_now() - started);
}

// Nothing is changed without a term; but who changes a resource now sees in its condition why nothing comes of it.
void UserReconciler::tell_of_the_store(std::span<const api::ResourceKey> keys, const Error& error) {
  const plan::PlanContext shared = context(Term{});
  const auto catalogue = services_.caches.catalogue();
  services_.pool.for_each(keys.size(), [&](std::size_t i) {
    UserPass pass;
    pass.key = keys[i];
    services_.caches.begin_pass(pass.key);
    if (read_resource(pass)) read_beside(pass, *catalogue);
    pass.store_error = error;
    pass.view.now = services_.clock.now();
    if (pass.open()) finish(pass, shared);
    services_.caches.end_pass(pass.key, pass.settled, pass.wrote);
  });
}

PassResult UserReconciler::result_of(const UserPass& pass) const {
  if (pass.failed()) return is_overtaken(pass.error()) ? PassResult::Overtaken : PassResult::Failed;
  if (pass.plan.identity_problem || pass.plan.credentials_problem) return PassResult::Waiting;
  return pass.changed || !pass.wrote.empty() ? PassResult::Changed : PassResult::Unchanged;
}

// --- look --------------------------------------------------------------------------------------

// The passes that a live read is needed for.
UserPasses UserReconciler::look(std::span<const api::ResourceKey> keys, const plan::PlanContext& context) {
  UserPasses passes;
  std::vector<store::IdentityRef> refs;
  std::vector<std::size_t> cached;
  for (const api::ResourceKey& key : keys) {
    UserPass pass;
    pass.key = key;
    if (const auto user = services_.caches.user(key)) {
      pass.view.resource = *user;
      pass.has_other_finalizers = user->has_other_finalizers;
      if (!is_unseen(*user)) {
        refs.push_back(reference(*user));
        cached.push_back(passes.size());
      }
    }
    passes.push_back(std::move(pass));
  }
  if (cached.empty()) return passes;
  auto observed = services_.store.observe(services_.cluster_id, refs);
  if (!observed) return passes;  // gather tells it
  for (std::size_t i = 0; i < cached.size(); ++i) {
    UserPass& pass = passes[cached[i]];
    pass.dropped = settle_from_cache(pass, std::move(observed->identities[i]), context, observed->now);
    if (pass.dropped) services_.meters.pass(pass.key.kind, PassResult::Unchanged);
  }
  std::erase_if(passes, [](const UserPass& pass) { return pass.dropped; });
  return passes;
}

// True: nothing is to do, and its next pass is scheduled.
bool UserReconciler::settle_from_cache(UserPass& pass, store::ObservedIdentity observed,
                                       const plan::PlanContext& context, Instant now) {
  plan::UserView& view = pass.view;
  view.now = now;
  view.own = std::move(observed.own);
  view.adoptable = std::move(observed.adoptable);
  view.scopes = resolve(view.resource, *services_.caches.catalogue());
  if (const auto secret =
          services_.caches.secret(view.resource.spec.secret_namespace, view.resource.spec.secret_name))
    view.secret = *secret;
  if (view.resource.deleted_at) return false;
  // The caches do not hold the Secrets that others make: what became of one is only known live.
  if (view.resource.spec.source == api::CredentialSource::Reference) return false;
  pass.plan = plan::decide_user(view, context, credentials::RandomBytes{});
  if (pass.plan.needs_live()) return false;
  pass.identity = view.own;
  pass.secret = view.secret;
  const status::StatusUpdate update = status::user_status(outcome_of(pass, context));
  if (update.changed) return false;
  services_.queue.forget(pass.key);
  if (update.come_back) services_.queue.add_after(pass.key, *update.come_back);
  return true;
}

// --- gather ------------------------------------------------------------------------------------

void UserReconciler::store_failed(UserPasses& passes, const Error& error) {
  for (UserPass& pass : passes) {
    if (!pass.open() || pass.store_error) continue;
    pass.store_error = error;
    pass.plan = plan::Plan{};
    pass.view.now = services_.clock.now();  // the database's was not to be had
  }
}

void UserReconciler::gather(UserPasses& passes, const plan::PlanContext& context) {
  // In this order: the database's clock, the resource, the Secret, the stored identity.
  const auto clock = services_.store.observe(services_.cluster_id, {});
  const auto catalogue = services_.caches.catalogue();
  services_.pool.for_each(passes.size(), [&](std::size_t i) { gather_one(passes[i], *catalogue); });
  if (!clock) return store_failed(passes, clock.error());

  std::vector<store::IdentityRef> refs;
  for (const UserPass& pass : passes) {
    if (!pass.dropped)
      refs.push_back(pass.gone ? store::IdentityRef{pass.key, {}} : reference(pass.view.resource));
  }
  auto observed = services_.store.observe(services_.cluster_id, refs);
  if (!observed) return store_failed(passes, observed.error());
  std::size_t next = 0;
  for (UserPass& pass : passes) {
    if (pass.dropped) continue;
    store::ObservedIdentity& identity = observed->identities[next++];
    pass.view.now = clock->now;
    pass.view.own = std::move(identity.own);
    pass.view.adoptable = std::move(identity.adoptable);
    if (pass.gone) continue;
    pass.started = services_.clock.steady_now();
    pass.plan = plan::decide_user(pass.view, context, random_array<32>());
    pass.identity = pass.view.own;
    pass.secret = pass.view.secret;
  }
}

void UserReconciler::give_up(UserPass& pass, const Error& error) {
  log::warn("a live read failed; trying again", {{"resource", pass.key.text()}, {"error", error.describe()}});
  services_.queue.retry(pass.key, error.retry_after);
  pass.api_error = error;
  pass.dropped = true;
}

// The cached view says that the finalizer is missing. Writing it under the cached resourceVersion succeeds only where
// that view is the live one, and the answer is the resource as it is then: a live read and a write in one request.
// False: it did not come to that, and nothing was written.
bool UserReconciler::read_by_finalizer(UserPass& pass) {
  const api::UserResource& cached = pass.view.resource;
  const bool wanted = !cached.uid.empty() && !cached.has_finalizer && !pass.has_other_finalizers &&
                      !cached.deleted_at && !cached.paused &&
                      cached.spec.management_policy == api::ManagementPolicy::Enforce;
  if (!wanted) return false;
  const Json known = {
      {"metadata", {{"uid", cached.uid.value}, {"resourceVersion", cached.resource_version.value}}}};
  auto object = services_.cluster.set_finalizer(pass.key, known, true);
  if (!object) return false;
  auto user = api::decode_user(pass.key.kind, *object);
  if (!user) return false;
  pass.object = std::move(*object);
  pass.view.resource = std::move(*user);
  pass.wrote.push_back(pass.view.resource.resource_version.value);
  crash_point("finalizer-added");
  return true;
}

bool UserReconciler::read_resource(UserPass& pass) {
  auto object = services_.cluster.read(pass.key);
  if (!object) {
    give_up(pass, object.error());
    return false;
  }
  if (!*object) {
    pass.gone = true;
    return false;
  }
  auto user = api::decode_user(pass.key.kind, **object);
  if (!user) {
    give_up(pass, user.error());
    return false;
  }
  pass.object = std::move(**object);
  pass.view.resource = std::move(*user);
  return true;
}

void UserReconciler::gather_one(UserPass& pass, const policy::Catalogue& catalogue) {
  if (read_by_finalizer(pass) || read_resource(pass)) read_beside(pass, catalogue);
}

void UserReconciler::read_beside(UserPass& pass, const policy::Catalogue& catalogue) {
  const api::UserSpec& spec = pass.view.resource.spec;
  auto secret = services_.cluster.read_secret(spec.secret_namespace, spec.secret_name);
  if (!secret) return give_up(pass, secret.error());
  pass.view.secret = std::move(*secret);
  pass.view.scopes = resolve(pass.view.resource, catalogue);
  const auto space = services_.caches.space(spec.secret_namespace);
  pass.view.namespace_terminating = space && space->terminating;
  if (pass.view.resource.deleted_at) {
    const auto going = services_.cluster.kind_is_going(pass.key.kind);
    if (!going) return give_up(pass, going.error());
    pass.view.kind_terminating = *going;
  }
}

// --- status, finalizer, events, and when to come back ---------------------------------------------

void UserReconciler::finish_deletion(UserPass& pass, const plan::PlanContext& context) {
  if (pass.failed()) {
    if (!is_overtaken(pass.error())) say_why_it_waits(pass, context);
    services_.queue.retry(pass.key, pass.error().retry_after);
  } else if (pass.plan.finalizer == plan::FinalizerAction::Remove) {
    auto done = services_.cluster.set_finalizer(pass.key, pass.object, false);
    if (!done && done.error().kind != ErrorKind::NotFound) services_.queue.retry(pass.key);
    crash_point("finalizer-removed");
  }
}

// A deletion that waits must say for what; that it says so is not what it waits for.
void UserReconciler::say_why_it_waits(UserPass& pass, const plan::PlanContext& context) {
  const status::StatusUpdate update = status::user_status(outcome_of(pass, context));
  for (const status::Event& event : update.events)
    services_.events.tell(pass.key, pass.view.resource.uid, event);
  if (!update.changed) return;
  auto done = services_.cluster.put_status(pass.key, pass.object, api::encode_status(update.status));
  if (!done)
    log::warn("a status was not taken", {{"resource", pass.key.text()}, {"error", done.error().describe()}});
}

void UserReconciler::finish(UserPass& pass, const plan::PlanContext& context) {
  const bool overtaken = pass.failed() && is_overtaken(pass.error());
  if (pass.failed()) {
    if (pass.error().reason == "Fenced") return;  // the next term queues everything
    if (!overtaken)
      log::warn("a pass failed; trying again",
                {{"resource", pass.key.text()}, {"error", pass.error().describe()}});
  }
  if (pass.view.resource.deleted_at) return finish_deletion(pass, context);
  if (!pass.failed()) services_.meters.done(pass.key.kind, pass.plan, pass.view.resource, pass.view.now);
  const status::StatusUpdate update = status::user_status(outcome_of(pass, context));
  for (const status::Event& event : update.events)
    services_.events.tell(pass.key, pass.view.resource.uid, event);
  std::optional<Error> unwritten;
  // What starts again at once has nothing to tell yet, unless it failed.
  const bool says_nothing = overtaken || (pass.plan.again && !pass.failed());
  if (update.changed && !says_nothing) {
    auto done = services_.cluster.put_status(pass.key, pass.object, api::encode_status(update.status));
    if (done) {
      pass.object = std::move(*done);
      pass.wrote.push_back(resource_version_of(pass.object));
    } else if (done.error().kind != ErrorKind::NotFound) {
      unwritten = done.error();
      if (unwritten->kind != ErrorKind::Conflict)
        log::warn("a status was not taken; trying again",
                  {{"resource", pass.key.text()}, {"error", unwritten->describe()}});
    }
    crash_point("status-written");
  }
  if (pass.failed() || unwritten) {
    services_.queue.retry(pass.key, pass.failed() ? pass.error().retry_after : unwritten->retry_after);
    return;
  }
  services_.queue.forget(pass.key);
  if (update.come_back) services_.queue.add_after(pass.key, *update.come_back, runtime::Priority::Urgent);
  if (!pass.plan.again) prove(pass, context);
}

// Decides over what the writes were answered with, as the look at their echo would: where nothing is to do, that look is
// saved. Whoever writes after us gives the resource or its Secret another version, and that is looked at.
void UserReconciler::prove(UserPass& pass, const plan::PlanContext& context) {
  auto user = api::decode_user(pass.key.kind, pass.object);
  if (!user) return;
  pass.view.resource = std::move(*user);
  pass.view.secret = pass.secret;
  pass.view.own = pass.identity;
  if (pass.identity) pass.view.adoptable.reset();
  pass.plan = plan::decide_user(pass.view, context, credentials::RandomBytes{});
  if (pass.plan.needs_live()) return;
  const status::StatusUpdate update = status::user_status(outcome_of(pass, context));
  if (update.changed) return;
  pass.settled = true;
  if (update.come_back) services_.queue.add_after(pass.key, *update.come_back, runtime::Priority::Urgent);
}

}  // namespace neoid::reconcilers
