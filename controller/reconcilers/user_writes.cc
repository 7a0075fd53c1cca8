// The acting half of UserReconciler: finalizers, transactions and Secrets, in the order of reconcile/plan/plan.h.
#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "controller/reconcilers/commit_points.h"
#include "controller/reconcilers/user_reconciler.h"

namespace neoid::reconcilers {

void UserReconciler::act(UserPasses& passes, const Term& term) {
  services_.pool.for_each(passes.size(), [&](std::size_t i) {
    UserPass& pass = passes[i];
    if (!pass.open() || pass.plan.finalizer != plan::FinalizerAction::Add) return;
    auto object = services_.cluster.set_finalizer(pass.key, pass.object, true);
    if (!object) {
      pass.api_error = object.error();
      return;
    }
    pass.object = std::move(*object);
    pass.wrote.push_back(resource_version_of(pass.object));
    crash_point("finalizer-added");
  });
  commit(passes, term, &plan::Plan::before);
  services_.pool.for_each(passes.size(), [&](std::size_t i) {
    if (passes[i].open() && !passes[i].failed()) write_secret(passes[i]);
  });
  commit(passes, term, &plan::Plan::after);
}

// The change of every pass that has one and did not fail yet, in one transaction.
void UserReconciler::commit(UserPasses& passes, const Term& term,
                            std::optional<plan::IdentityChange> plan::Plan::*which) {
  std::vector<plan::IdentityChange> changes;
  std::vector<UserPass*> owners;
  for (UserPass& pass : passes) {
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
    UserPass& pass = *owners[i];
    if (!results) {
      pass.store_error = results.error();
    } else if (!(*results)[i]) {
      pass.store_error = (*results)[i].error();
    } else {
      pass.identity = std::move(*(*results)[i]);
      pass.changed = true;
    }
  }
}

void UserReconciler::write_secret(UserPass& pass) {
  const api::UserSpec& spec = pass.view.resource.spec;
  if (const auto* create = std::get_if<plan::CreateSecret>(&pass.plan.secret)) {
    send_create(pass, *create);
  } else if (const auto* update = std::get_if<plan::UpdateSecret>(&pass.plan.secret)) {
    Json body = update_body(*update);
    auto made = services_.cluster.update_secret(spec.secret_namespace, spec.secret_name, body);
    wipe(body);
    crash_point("secret-updated");
    if (!made) {
      pass.api_error = made.error();
      return;
    }
    pass.wrote.push_back(made->resource_version.value);
    pass.secret = std::move(*made);
  } else if (const auto* remove = std::get_if<plan::DeleteSecret>(&pass.plan.secret)) {
    if (auto done = services_.cluster.delete_secret(spec.secret_namespace, spec.secret_name, remove->uid);
        !done)
      pass.api_error = done.error();
    crash_point("secret-deleted");
  }
}

// Sent once, only within the deadline from the start of step 2; nothing sends it again.
void UserReconciler::send_create(UserPass& pass, const plan::CreateSecret& create) {
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
    pass.wrote.push_back(made->resource_version.value);
    pass.secret = std::move(*made);
    return;
  }
  if (made.error().kind == ErrorKind::Timeout || made.error().kind == ErrorKind::Internal)
    services_.leadership.note_unanswered_create();
  pass.api_error = made.error();
}

// Resources that are definitely gone. Their rows went with the finalizer, unless somebody took that away: then what
// they left is revoked, and a system user that nobody retired is made anew.
void UserReconciler::drop_the_gone(UserPasses& passes, const Term& term) {
  for (UserPass& pass : passes) {
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

}  // namespace neoid::reconcilers
