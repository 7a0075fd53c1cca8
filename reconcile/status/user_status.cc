#include "reconcile/status/user_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconcile/api/reasons.h"

namespace neoid::status {
namespace {

using api::Kind;
using meta::Condition;
using meta::ConditionStatus;
namespace reason = api::reason;
namespace condition = api::condition;

std::string join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

// Kubernetes' times have no fractions; what is compared with a stored status must not have any either.
Instant whole_seconds(Instant instant) { return std::chrono::floor<std::chrono::seconds>(instant); }

class Builder {
 public:
  explicit Builder(const UserOutcome& outcome)
      : outcome_(outcome), view_(outcome.view), plan_(outcome.plan) {}

  StatusUpdate build() {
    const api::UserStatus& before = view_.resource.status;
    update_.status = before;
    update_.status.observed_generation = view_.resource.generation;
    if (!outcome_.store_error && outcome_.identity) describe_identity(*outcome_.identity);
    if (plan_.observes && !outcome_.identity) update_.status.active = false;
    judge();
    update_.status.conditions =
        meta::carry_transition_times(std::move(conditions_), before.conditions, whole_seconds(view_.now));
    tell_events();
    update_.changed = api::encode_status(update_.status) != api::encode_status(before);
    update_.come_back = come_back();
    return std::move(update_);
  }

 private:
  // --- what the store holds --------------------------------------------------------------------

  void describe_identity(const plan::StoredIdentity& identity) {
    api::UserStatus& status = update_.status;
    status.user_id = identity.user_id;
    status.client_id = identity.client_id;
    status.active = identity.active();
    status.granted_scopes = identity.config.scopes;
    status.scope_summary = join(identity.config.scopes);
    status.last_updated = whole_seconds(identity.updated_at);
    describe_credentials(identity, status.credentials);
  }

  void describe_credentials(const plan::StoredIdentity& identity, api::UserStatus::Credentials& credentials) {
    credentials.secret_name = view_.resource.spec.secret_name;
    credentials.versions.clear();
    for (const plan::StoredVersion& version : identity.versions) {
      if (!version.accepted(view_.now) || (!version.current() && !version.valid_until)) continue;
      credentials.versions.push_back(
          {version.number, credentials::fingerprint(outcome_.context.fingerprint_key, version.hash),
           version.issued_at, version.valid_until});
    }
    const plan::StoredVersion* current = identity.current();
    if (current == nullptr) return;  // the number stays: what is below it is old for ever
    credentials.version = current->number;
    credentials.issued_at = whole_seconds(current->issued_at);
    credentials.last_rotate_request = current->rotation_request;
    credentials.next_rotation.reset();
    if (const auto& interval = view_.resource.spec.rotation.interval)
      credentials.next_rotation = whole_seconds(current->issued_at + *interval);
  }

  // --- conditions ------------------------------------------------------------------------------

  void set(std::string_view type, ConditionStatus value, std::string_view why, std::string message) {
    conditions_.push_back(Condition{std::string(type), value, std::string(why), std::move(message),
                                    view_.resource.generation, Instant()});
  }

  // The first problem that is found decides what Ready says.
  void problem(std::string_view type, std::string_view why, const std::string& message, bool stalled) {
    set(type, ConditionStatus::False, why, message);
    if (!first_problem_) first_problem_ = plan::Finding{std::string(why), message, stalled};
  }

  void judge() {
    if (view_.resource.deleted_at) return judge_deletion();
    if (plan_.paused) return judge_paused();
    judge_identity();
    judge_scopes();
    judge_credentials();
    judge_drift();
    sum_up();
  }

  void keep_the_parts() {
    for (const Condition& old : view_.resource.status.conditions) {
      if (old.type != condition::kPaused && old.type != condition::kReady &&
          old.type != condition::kReconciling && old.type != condition::kStalled)
        conditions_.push_back(old);
    }
  }

  // On its way out: the parts stay as they were; Ready says what it waits for.
  void judge_deletion() {
    keep_the_parts();
    first_problem_ = deletion_problem();
    sum_up();
  }

  plan::Finding deletion_problem() const {
    if (outcome_.store_error) {
      const Error& error = *outcome_.store_error;
      if (error.kind == ErrorKind::Invalid || error.kind == ErrorKind::Internal)
        return {std::string(reason::kInternalError),
                "The deletion waits: the store refused: " + error.message + ".", true};
      return {std::string(reason::kStoreUnavailable),
              "The deletion waits for the identity store, which cannot be reached; it is tried again.",
              false};
    }
    if (outcome_.api_error)
      return {std::string(reason::kApiUnavailable),
              "The deletion waits for the Kubernetes API: " + outcome_.api_error->message + ".", false};
    return {std::string(reason::kDeleting), "The identity is on its way out.", false};
  }

  // Paused: the parts stay as they were; the condition says why nothing moves.
  void judge_paused() {
    keep_the_parts();
    const std::string message =
        "The annotation identity.neostella.com/paused is set: the resource is left alone until it is "
        "removed.";
    set(condition::kPaused, ConditionStatus::True, reason::kPaused, message);
    set(condition::kReady, ConditionStatus::False, reason::kPaused, message);
    set(condition::kStalled, ConditionStatus::True, reason::kPaused, message);
  }

  void judge_identity() {
    if (outcome_.store_error) {
      const Error& error = *outcome_.store_error;
      if (error.kind == ErrorKind::Conflict &&
          (error.reason == reason::kOwnedByAnother || error.reason == "ClientIdTaken")) {
        problem(condition::kIdentitySynced, reason::kOwnedByAnother, "The store: " + error.message + ".",
                true);
      } else if (error.kind == ErrorKind::Invalid || error.kind == ErrorKind::Internal) {
        problem(condition::kIdentitySynced, reason::kInternalError,
                "The store refused: " + error.message + ".", true);
      } else {
        problem(condition::kIdentitySynced, reason::kStoreUnavailable,
                "The identity store cannot be reached; it is tried again.", false);
      }
    } else if (plan_.identity_problem) {
      problem(condition::kIdentitySynced, plan_.identity_problem->reason, plan_.identity_problem->message,
              plan_.identity_problem->stalled);
    } else if (outcome_.identity) {
      set(condition::kIdentitySynced, ConditionStatus::True,
          plan_.observes ? reason::kObserved : reason::kSynced, "The store holds what is declared.");
    } else if (plan_.credentials_problem) {
      set(condition::kIdentitySynced, ConditionStatus::False, reason::kProgressing,
          "The identity is made when its credential can be.");
    } else {
      problem(condition::kIdentitySynced, reason::kProgressing, "The identity is not in the store yet.",
              false);
    }
  }

  void judge_scopes() {
    const policy::ScopeResolution& scopes = view_.scopes;
    if (!scopes.unknown.empty()) {
      problem(condition::kScopesResolved, reason::kScopeNotFound,
              "Not in the catalogue, and so not granted: " + join(scopes.unknown) + ".", true);
    } else if (!scopes.not_allowed.empty()) {
      problem(condition::kScopesResolved, reason::kScopeNotAllowed,
              "Not allowed in namespace " + view_.resource.key.ns +
                  ", and so not granted: " + join(scopes.not_allowed) + ".",
              true);
    } else if (outcome_.identity && !plan_.observes && outcome_.identity->config.scopes != scopes.granted) {
      problem(condition::kScopesResolved, reason::kProgressing, "The store does not know every scope yet.",
              false);
    } else if (!scopes.deprecated.empty()) {
      set(condition::kScopesResolved, ConditionStatus::True, reason::kScopeDeprecated,
          "Granted, but deprecated: " + join(scopes.deprecated) + ".");
    } else {
      set(condition::kScopesResolved, ConditionStatus::True, reason::kResolved,
          "Every declared scope is granted.");
    }
  }

  void judge_credentials() {
    if (plan_.observes) return;
    if (plan_.credentials_problem) {
      // Why it is not there yet is worth more than that its last creation is waited for.
      const Condition* old =
          meta::find_condition(view_.resource.status.conditions, condition::kCredentialsDelivered);
      if (plan_.credentials_problem->reason == reason::kWaitingForCreate && old != nullptr &&
          old->status == ConditionStatus::False && old->reason == reason::kInternalError) {
        problem(condition::kCredentialsDelivered, old->reason, old->message, true);
        return;
      }
      problem(condition::kCredentialsDelivered, plan_.credentials_problem->reason,
              plan_.credentials_problem->message, plan_.credentials_problem->stalled);
      return;
    }
    if (outcome_.api_error) {
      const Error& error = *outcome_.api_error;
      const bool refused = error.kind == ErrorKind::Denied || error.kind == ErrorKind::Invalid;
      problem(condition::kCredentialsDelivered, refused ? reason::kInternalError : reason::kApiUnavailable,
              refused ? "The Kubernetes API refused: " + error.message + "."
                      : "The Kubernetes API did not take a write; it is tried again.",
              refused);
      return;
    }
    const plan::StoredVersion* current = outcome_.identity ? outcome_.identity->current() : nullptr;
    if (current != nullptr && outcome_.secret_hash && *outcome_.secret_hash == current->hash) {
      set(condition::kCredentialsDelivered, ConditionStatus::True, reason::kDelivered,
          fmt::format("Secret {}/{} holds the current client secret.", view_.resource.spec.secret_namespace,
                      view_.resource.spec.secret_name));
      return;
    }
    problem(condition::kCredentialsDelivered, reason::kProgressing, "The credential is on its way.", false);
  }

  std::string drift_message() const {
    std::string message = plan_.observes ? "Differs from what is declared: " : "Corrected: ";
    message += join(plan_.drift);
    if (!plan_.drift_by.empty() && plan_.drift_by != "outside") message += "; changed by " + plan_.drift_by;
    return message + ".";
  }

  void judge_drift() {
    if (!plan_.drift.empty()) {
      if (plan_.observes || outcome_.store_error) {
        problem(condition::kDriftFree, reason::kDriftFound, drift_message(), false);
      } else {
        set(condition::kDriftFree, ConditionStatus::True, reason::kDriftCorrected, drift_message());
      }
      return;
    }
    // What was corrected last stays to be read.
    const Condition* old = meta::find_condition(view_.resource.status.conditions, condition::kDriftFree);
    if (old != nullptr && old->status == ConditionStatus::True) {
      set(condition::kDriftFree, ConditionStatus::True, old->reason, old->message);
    } else {
      set(condition::kDriftFree, ConditionStatus::True, reason::kNoDrift,
          "Nothing was changed behind the resource.");
    }
  }

  void sum_up() {
    if (!first_problem_) {
      const bool active = update_.status.active;
      set(condition::kReady, ConditionStatus::True, active ? reason::kReconciled : reason::kInactive,
          active ? "The integration user is active and its credential works."
                 : "The integration user is deactivated, as declared.");
      return;
    }
    set(condition::kReady, ConditionStatus::False, first_problem_->reason, first_problem_->message);
    set(first_problem_->stalled ? condition::kStalled : condition::kReconciling, ConditionStatus::True,
        first_problem_->reason, first_problem_->message);
  }

  // --- events ----------------------------------------------------------------------------------

  void tell(Event::Type type, std::string_view why, std::string message) {
    update_.events.push_back({type, std::string(why), std::move(message)});
  }

  void tell_events() {
    if (!outcome_.store_error && outcome_.identity) {
      tell_configuration(*outcome_.identity);
      tell_credentials();
    }
    if (!plan_.drift.empty() && !plan_.observes && !outcome_.store_error) {
      const bool system = view_.resource.key.kind == Kind::SystemIntegrationUser;
      tell(Event::Type::Warning, system ? reason::kSystemUserTampered : reason::kDriftCorrected,
           drift_message());
    }
    // A problem is told when it appears, not each time that it is found again.
    if (first_problem_ && first_problem_->reason != reason::kProgressing &&
        first_problem_->reason != reason::kDeleting) {
      const Condition* ready = meta::find_condition(view_.resource.status.conditions, condition::kReady);
      if (ready == nullptr || ready->reason != first_problem_->reason ||
          ready->message != first_problem_->message)
        tell(Event::Type::Warning, first_problem_->reason, first_problem_->message);
    }
  }

  void tell_configuration(const plan::StoredIdentity& now) {
    if (!view_.own) {
      if (view_.adoptable)
        tell(Event::Type::Normal, reason::kAdopted, "Took over user " + now.user_id.value + ".");
      else if (!plan_.observes)
        tell(Event::Type::Normal, reason::kIdentityCreated, "Made user " + now.user_id.value + ".");
      return;
    }
    if (!plan_.drift.empty()) return;
    if (view_.own->active() && !now.active())
      tell(Event::Type::Normal, reason::kDeactivated,
           now.hold ? "Deactivated: " + now.hold->reason : "Deactivated, as declared.");
    else if (!view_.own->active() && now.active())
      tell(Event::Type::Normal, reason::kReactivated, "Reactivated with the same client ID and credential.");
    else if (!(view_.own->config == now.config))
      tell(Event::Type::Normal, reason::kIdentityUpdated, "The store holds the new configuration.");
  }

  void tell_credentials() {
    if (plan_.issues && !outcome_.api_error) {
      const api::UserSpec& spec = view_.resource.spec;
      const std::string place = spec.secret_namespace + "/" + spec.secret_name;
      if (plan_.rotates)
        tell(Event::Type::Normal, reason::kCredentialsRotated,
             "Secret " + place + " holds a new client secret; the one before stays valid for " +
                 format_duration(spec.rotation.effective_overlap()) + ".");
      else
        tell(Event::Type::Normal, reason::kCredentialsIssued,
             "Secret " + place +
                 (plan_.secret_was_missing ? " was missing and was made again." : " holds a client secret."));
    }
    for (const auto& listed : view_.resource.status.credentials.versions) {
      if (listed.valid_until && *listed.valid_until <= view_.now)
        tell(Event::Type::Normal, reason::kPreviousCredentialRevoked,
             fmt::format("Version {} has ended; {}.", listed.number, evidence(listed)));
    }
  }

  // Whether somebody still needed a version that has ended. Its row is as it was before this pass revoked it.
  std::string evidence(const api::AcceptedVersion& ended) const {
    if (!view_.own) return "no use of it is known";
    const auto& versions = view_.own->versions;
    const auto row = std::find_if(versions.begin(), versions.end(),
                                  [&](const plan::StoredVersion& one) { return one.number == ended.number; });
    if (row == versions.end() || !row->last_used) return "no use of it is known";
    const plan::StoredVersion* current = view_.own->current();
    if (current != nullptr && current->delivered_at && *row->last_used <= *current->delivered_at)
      return fmt::format("it was not used any more once version {} was delivered", current->number);
    const Duration unused = std::max(*ended.valid_until - *row->last_used, Duration(0));
    return fmt::format("it was used until {} before: whoever used it has not read the Secret again",
                       format_duration(std::chrono::floor<std::chrono::seconds>(unused)));
  }

  std::optional<Duration> come_back() const {
    if (plan_.again) return Duration(0);
    return plan_.come_back;
  }

  const UserOutcome& outcome_;
  const plan::UserView& view_;
  const plan::Plan& plan_;
  StatusUpdate update_;
  meta::Conditions conditions_;
  std::optional<plan::Finding> first_problem_;
};

}  // namespace

StatusUpdate user_status(const UserOutcome& outcome) { return Builder(outcome).build(); }

}  // namespace neoid::status
