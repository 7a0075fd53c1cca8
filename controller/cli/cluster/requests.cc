#include "controller/cli/cluster/requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/api/reasons.h"
#include "reconcile/api/user.h"

namespace neoid::cli {
namespace {

struct Target {
  api::ResourceKey key;
  api::UserResource user;
};

Result<Target> read_target(const Session& session, const std::string& text) {
  Target target;
  NEOID_TRY(target.key, session.parse_user(text));
  NEOID_TRY(const Json object, session.read(target.key));
  NEOID_TRY(target.user, api::decode_user(target.key.kind, object));
  return target;
}

// Why the controller would not carry out what is asked; empty: it would.
std::string left_alone(const api::UserResource& user) {
  if (user.deleted_at) return "is being deleted";
  if (user.paused)
    return fmt::format("is paused, so the controller leaves it alone: take the annotation {} away first",
                       api::annotation::kPaused);
  if (user.spec.management_policy == api::ManagementPolicy::Observe)
    return "is only observed (spec.managementPolicy: Observe), so neoid changes nothing of it";
  return {};
}

std::string problem_of(const api::UserResource& user) {
  const meta::Condition* ready = meta::find_condition(user.status.conditions, api::condition::kReady);
  if (ready == nullptr) return "the controller has not reported on it; `neoid status` says whether one runs";
  if (ready->status == meta::ConditionStatus::True) return {};
  return ready->message;
}

int refuse(const Session& session, const Target& target, const std::string& why) {
  return report(session.streams().err, {ErrorKind::Conflict, target.key.text() + " " + why});
}

int failed(const Session& session, const Error& error) {
  const int code = report(session.streams().err, error);
  return error.kind == ErrorKind::Invalid ? kWrongCall : code;
}

// Until the resource looks as wanted.
Result<api::UserResource> wait_until(const Session& session, const api::ResourceKey& key,
                                     const std::string& what, Duration timeout,
                                     const std::function<bool(const api::UserResource&)>& wanted) {
  api::UserResource last;
  auto waited = session.wait_for(what, timeout, [&]() -> Result<Session::Progress> {
    NEOID_TRY(const Json object, session.read(key));
    NEOID_TRY(last, api::decode_user(key.kind, object));
    return Session::Progress{wanted(last), problem_of(last)};
  });
  if (!waited) return fail(std::move(waited).error());
  return last;
}

}  // namespace

int rotate(const Session& session, const RotateOptions& options) {
  auto target = read_target(session, options.user);
  if (!target) return failed(session, target.error());
  if (const std::string why = left_alone(target->user); !why.empty()) return refuse(session, *target, why);
  if (target->user.spec.source == api::CredentialSource::Reference)
    return refuse(
        session, *target,
        "has a Secret that somebody else makes (source: Reference): rotate it there, neoid follows");
  const std::string request = format_micro_time(session.clock().now());
  auto asked = session.annotate(target->key, {{std::string(api::annotation::kRotate), request}});
  if (!asked) return failed(session, asked.error());
  if (!options.wait) {
    session.out() << fmt::format(
        "{}: rotation asked for; it is done when status.credentials.lastRotateRequest is {}\n",
        target->key.text(), request);
    return kDone;
  }
  const auto rotated = wait_until(
      session, target->key, "the rotation of " + target->key.text(), options.timeout,
      [&](const api::UserResource& user) { return user.status.credentials.last_rotate_request == request; });
  if (!rotated) {
    return report(session.streams().err,
                  wrap("the rotation stays asked for, and is done as soon as it can be", rotated.error()));
  }
  session.out() << fmt::format("{}: rotated; Secret {}/{} holds version {}\n", target->key.text(),
                               target->key.ns, rotated->spec.secret_name,
                               rotated->status.credentials.version);
  for (const api::AcceptedVersion& version : rotated->status.credentials.versions) {
    if (version.valid_until)
      session.out() << fmt::format("version {} stays valid until {}\n", version.number,
                                   format_time(*version.valid_until));
  }
  return kDone;
}

int deactivate(const Session& session, const DeactivateOptions& options) {
  if (options.reason.empty()) {
    report(session.streams().err, {ErrorKind::Invalid, "--reason must say why; others will read it"});
    return kWrongCall;
  }
  auto target = read_target(session, options.user);
  if (!target) return failed(session, target.error());
  auto asked = session.annotate(target->key, {{std::string(api::annotation::kDeactivated), options.reason},
                                              {std::string(api::annotation::kReactivate), nullptr}});
  if (!asked) return failed(session, asked.error());
  if (const std::string why = left_alone(target->user); !why.empty())
    return refuse(session, *target,
                  why + "; the deactivation stands in its annotation and is not carried out yet");
  const auto inactive = wait_until(session, target->key, target->key.text() + " to be inactive",
                                   options.timeout, [&](const api::UserResource& user) {
                                     return !user.status.active && user.status.observed_generation >= 0;
                                   });
  if (!inactive)
    return report(session.streams().err,
                  wrap("the deactivation stays asked for, but is NOT in force yet", inactive.error()));
  session.out() << fmt::format(
      "{}: inactive; no token is issued from now on. Only `neoid reactivate {}/{}` switches it on again\n",
      target->key.text(), target->key.ns, target->key.name);
  return kDone;
}

int reactivate(const Session& session, const ReactivateOptions& options) {
  auto target = read_target(session, options.user);
  if (!target) return failed(session, target.error());
  if (const std::string why = left_alone(target->user); !why.empty()) return refuse(session, *target, why);
  const api::UserResource& user = target->user;
  if (user.deactivated.empty() && user.status.active) {
    session.out() << target->key.text() << ": is active; there is no deactivation to lift\n";
    return kDone;
  }
  // After the hold's own time, which the store's clock gave: lastUpdated is of that clock too.
  Instant time = session.clock().now();
  if (user.status.last_updated) time = std::max(time, *user.status.last_updated + std::chrono::seconds(1));
  auto asked =
      session.annotate(target->key, {{std::string(api::annotation::kDeactivated), nullptr},
                                     {std::string(api::annotation::kReactivate), format_micro_time(time)}});
  if (!asked) return failed(session, asked.error());
  if (!user.spec.active) {
    session.out() << target->key.text()
                  << ": the deactivation is lifted; it stays inactive, since spec.active is false\n";
    return kDone;
  }
  const auto active = wait_until(session, target->key, target->key.text() + " to be active", options.timeout,
                                 [](const api::UserResource& now) { return now.status.active; });
  if (!active) return report(session.streams().err, wrap("the reactivation stays asked for", active.error()));
  session.out() << fmt::format("{}: active again, with the same client ID {} and credential\n",
                               target->key.text(), active->status.client_id.value);
  return kDone;
}

}  // namespace neoid::cli
