// docs/credential-protocol.md, "Issuing", step 1: from what the Secret holds to what has to be done.
#include "reconcile/plan/credential_plan.h"

#include <algorithm>
#include <utility>

#include "reconcile/api/reasons.h"
#include "reconcile/plan/secret_content.h"

namespace neoid::plan {
namespace {

using api::CredentialSource;

// The uids that may stand in the Secret's annotation, and so in its seal, which covers that annotation.
bool names_this_resource(const UserView& view, const std::string& uid) {
  if (uid == view.resource.uid.value) return true;
  if (view.resource.key.kind != api::Kind::SystemIntegrationUser || !view.own) return false;
  return uid == view.own->owner.uid.value || (view.own->predecessor && uid == view.own->predecessor->value);
}

Finding conflict(const UserView& view) {
  const api::UserSpec& spec = view.resource.spec;
  return {std::string(api::reason::kSecretConflict),
          "Secret " + spec.secret_namespace + "/" + spec.secret_name +
              " exists and does not belong to this resource. It is left alone: delete it, or name another "
              "Secret.",
          true};
}

// The client secret in the Secret: under the key of the spec or, where the spec's name for it changed, under
// whichever key holds the current version.
const SecretValue* find_value(const UserView& view) {
  if (!view.secret) return nullptr;
  const auto& data = view.secret->data;
  const auto found = data.find(view.resource.spec.keys.client_secret);
  if (found != data.end() && found->second.hash != sha256("")) return &found->second;
  const StoredVersion* current = view.own ? view.own->current() : nullptr;
  if (current == nullptr) return nullptr;
  for (const auto& [name, value] : data) {
    if (value.hash == current->hash) return &value;
  }
  return nullptr;
}

const StoredVersion* find_version(const UserView& view, const Sha256& hash) {
  if (!view.own) return nullptr;
  for (const StoredVersion& version : view.own->versions) {
    if (version.hash == hash) return &version;
  }
  return nullptr;
}

// "A version is old if its number is below the status's, or not above that of another stored delivered version, or
// equals the status's while its fingerprint is not listed there."
bool is_old(const UserView& view, const PlanContext& context, VersionNumber number, const Sha256& hash) {
  const auto& credentials = view.resource.status.credentials;
  if (number < credentials.version) return true;
  if (view.own) {
    for (const StoredVersion& other : view.own->versions) {
      if (other.state == VersionState::Delivered && other.number != number && number <= other.number)
        return true;
    }
  }
  if (number != credentials.version) return false;
  const Fingerprint fingerprint = credentials::fingerprint(context.fingerprint_key, hash);
  return std::none_of(credentials.versions.begin(), credentials.versions.end(), [&](const auto& listed) {
    return listed.number == number && listed.fingerprint == fingerprint;
  });
}

void come_back_within(Plan& plan, Duration most) {
  most = std::max(most, Duration(0));
  if (!plan.come_back || most < *plan.come_back) plan.come_back = most;
}

// One decision about one credential; the parts share what was read.
class CredentialPass {
 public:
  CredentialPass(const UserView& view, const PlanContext& context, const CredentialFacts& facts,
                 const IdentityNames& names, const credentials::RandomBytes& random, IdentityChange& change,
                 Plan& plan)
      : view_(view),
        context_(context),
        facts_(facts),
        names_(names),
        random_(random),
        change_(change),
        plan_(plan) {}

  void run() {
    const bool usable = facts_.value != nullptr && !facts_.old;
    const StoredVersion* stored = usable ? facts_.stored : nullptr;
    if (stored != nullptr && stored->state == VersionState::Issued && stored->accepted(view_.now)) {
      deliver(stored->number);
    } else if (stored != nullptr && stored->current()) {
      keep(*stored);
    } else if (usable && stored == nullptr && seal_is_of_this_user()) {
      heal(*facts_.seal);
    } else {
      issue();
    }
    return_for_ends();
  }

  void run_reference() {
    const api::UserSpec& spec = view_.resource.spec;
    const std::string place = "Secret " + spec.secret_namespace + "/" + spec.secret_name;
    if (facts_.value == nullptr) {
      problem(
          api::reason::kWaitingForSecret,
          place + " with the key " + spec.keys.client_secret + " is not there yet; somebody else makes it.",
          false);
      return;
    }
    if (facts_.stored != nullptr && facts_.stored->current()) return return_for_ends();
    if (facts_.stored != nullptr) {
      problem(api::reason::kSecretHasEnded,
              place + " holds a client secret that was in use before and has ended; put a new one there.",
              true);
      return;
    }
    if (facts_.value->text.empty()) {
      plan_.again = true;  // a cached view has the hash alone; its strength is judged over the text
      return;
    }
    const auto form = credentials::form_of(facts_.value->text.reveal());
    if (form == credentials::SecretForm::Mistyped ||
        facts_.value->text.reveal().size() < credentials::kLeastForeignLength) {
      problem(api::reason::kSecretTooWeak,
              place + " holds a client secret that is shorter than 32 characters, or a mistyped one of ours.",
              true);
      return;
    }
    HealVersion registration;
    registration.number = next_number();
    registration.hash = facts_.value->hash;
    registration.issued_at = view_.now;
    registration.others = others();
    change_.operations.push_back(std::move(registration));
    plan_.issues = true;
    plan_.rotates = view_.own && view_.own->current() != nullptr;
    plan_.again = true;
  }

 private:
  void problem(std::string_view reason, std::string message, bool stalled) {
    plan_.credentials_problem = Finding{std::string(reason), std::move(message), stalled};
  }

  bool seal_is_of_this_user() const {
    return facts_.seal && (!view_.own || facts_.seal->user_id == view_.own->user_id);
  }

  Duration wait() const { return 2 * context_.create_deadline + context_.clock_margin; }

  // "While another issued version that was made for an absent Secret, without valid_until, is younger than 2D, its
  // create may still land: issue, mark and heal nothing." True: wait.
  bool must_wait() {
    if (!view_.own) return false;
    for (const StoredVersion& other : view_.own->versions) {
      if (&other == facts_.stored || other.state != VersionState::Issued) continue;
      if (!other.for_absent_secret || other.valid_until) continue;
      const Duration age = view_.now - other.issued_at;
      if (age >= wait()) continue;
      problem(
          api::reason::kWaitingForCreate,
          "The answer to an earlier creation of the Secret was lost; it may still arrive, and is waited for.",
          false);
      come_back_within(plan_, wait() - age);
      return true;
    }
    return false;
  }

  Supersede others() const {
    Supersede others;
    others.overlap = view_.resource.spec.rotation.effective_overlap();
    others.status_number = view_.resource.status.credentials.version;
    for (const auto& listed : view_.resource.status.credentials.versions)
      others.listed.push_back({listed.number, listed.valid_until});
    return others;
  }

  // At least 1 + the highest of the store's, the status's and the sealed Secret's.
  VersionNumber next_number() const {
    VersionNumber highest = view_.resource.status.credentials.version;
    for (const auto& listed : view_.resource.status.credentials.versions)
      highest = std::max(highest, listed.number);
    // An identity that is adopted brings its numbers with it.
    for (const auto* identity : {&view_.own, &view_.adoptable}) {
      if (!*identity) continue;
      for (const StoredVersion& version : (*identity)->versions) highest = std::max(highest, version.number);
    }
    if (facts_.seal) highest = std::max(highest, facts_.seal->number);
    return credentials::next_version_number(context_.epoch, highest);
  }

  DeliverVersion delivery(VersionNumber number) const { return {number, wait(), view_.now, others()}; }

  // Step 4 for what is in the Secret already, then start again.
  void deliver(VersionNumber number) {
    if (must_wait()) return;
    change_.operations.push_back(delivery(number));
    plan_.again = true;
  }

  // "Restored store": the seal knows what the store has forgotten.
  void heal(const credentials::Seal& seal) {
    if (must_wait()) return;
    HealVersion heal;
    heal.number = seal.number;
    heal.hash = facts_.value->hash;
    heal.issued_at = seal.issued_at;
    heal.rotation_request = seal.rotation_request;
    heal.wait = wait();
    heal.as_of = view_.now;
    heal.others = others();
    heal.previous = previous_to_register();
    change_.operations.push_back(std::move(heal));
    change_.cause = "the store had lost the version that the Secret holds";
    plan_.again = true;
  }

  // The previous key of the Secret, where status lists it with an end that has not come.
  std::optional<HealVersion::Previous> previous_to_register() const {
    const SecretValue* previous = previous_value();
    if (previous == nullptr) return std::nullopt;
    const Fingerprint fingerprint = credentials::fingerprint(context_.fingerprint_key, previous->hash);
    for (const auto& listed : view_.resource.status.credentials.versions) {
      if (listed.fingerprint != fingerprint || !listed.valid_until || *listed.valid_until <= view_.now)
        continue;
      return HealVersion::Previous{listed.number, previous->hash, listed.issued_at, *listed.valid_until};
    }
    return std::nullopt;
  }

  const SecretValue* previous_value() const {
    const std::string& key = view_.resource.spec.keys.previous_client_secret;
    if (key.empty() || !view_.secret) return nullptr;
    const auto found = view_.secret->data.find(key);
    return found == view_.secret->data.end() ? nullptr : &found->second;
  }

  bool rotation_is_due(const StoredVersion& current) {
    const std::string& request = view_.resource.rotate;
    if (!request.empty() && request != current.rotation_request) return true;
    const auto& interval = view_.resource.spec.rotation.interval;
    if (!interval) return false;
    const Duration left = current.issued_at + *interval - view_.now;
    if (left <= Duration(0)) return true;
    come_back_within(plan_, left);
    return false;
  }

  // The Secret holds the current version: done, unless a rotation is due or something beside the value is not right.
  void keep(const StoredVersion& current) {
    if (rotation_is_due(current)) return issue();
    DeliveredValue value{seal_of(current.number, current.issued_at, current.rotation_request), *facts_.value,
                         std::nullopt};
    if (const SecretValue* previous = previous_value()) {
      const StoredVersion* version = find_version(view_, previous->hash);
      if (version != nullptr && version != &current && version->accepted(view_.now))
        value.previous = *previous;
    }
    SecretContent content = secret_content(view_, context_, value);
    if (is_delivered(*view_.secret, content)) return;
    auto stale = stale_keys(*view_.secret, content);
    plan_.secret =
        UpdateSecret{view_.secret->uid, view_.secret->resource_version, std::move(content), std::move(stale)};
    plan_.again = true;
  }

  credentials::Seal seal_of(VersionNumber number, Instant issued_at, std::string request) const {
    return {number, names_.user, names_.client, issued_at, std::move(request), view_.resource.uid};
  }

  // Steps 2 to 4: the hash as `issued`, the Secret once, the mark.
  void issue() {
    if (must_wait()) return;
    const bool absent = !view_.secret;
    if (absent && view_.namespace_terminating) {
      problem(api::reason::kNamespaceTerminating, "The namespace is going away; no Secret can be made in it.",
              false);
      return;
    }
    if (absent && !context_.may_create_secrets) {
      problem(api::reason::kWaitingForCreate,
              "This replica took over without a clean hand-over; a missing Secret is made when the one "
              "before can no "
              "longer make it.",
              false);
      come_back_within(plan_, wait());
      return;
    }
    IssueVersion version;
    version.number = next_number();
    version.issued_at = view_.now;
    version.for_absent_secret = absent;
    version.rotation_request = view_.resource.rotate;
    DeliveredValue value{seal_of(version.number, version.issued_at, version.rotation_request),
                         SecretValue::of(credentials::make_client_secret(random_)), std::nullopt};
    version.hash = value.client_secret.hash;
    const StoredVersion* in_secret = facts_.old ? nullptr : facts_.stored;
    if (in_secret != nullptr && in_secret->accepted(view_.now)) value.previous = *facts_.value;
    note_what_is_replaced(in_secret);

    SecretContent content = secret_content(view_, context_, value);
    if (absent) {
      plan_.secret =
          CreateSecret{std::move(content), view_.resource.key.kind != api::Kind::SystemIntegrationUser};
    } else {
      auto stale = stale_keys(*view_.secret, content);
      plan_.secret = UpdateSecret{view_.secret->uid, view_.secret->resource_version, std::move(content),
                                  std::move(stale)};
    }
    change_.operations.push_back(version);
    IdentityChange after;
    after.user_id = change_.user_id;
    after.owner = change_.owner;
    after.actor = change_.actor;
    after.cause = "the Secret holds the version";
    after.operations.push_back(delivery(version.number));
    plan_.after = std::move(after);
    plan_.issues = true;
  }

  void note_what_is_replaced(const StoredVersion* in_secret) {
    plan_.rotates = in_secret != nullptr && in_secret->current();
    const bool had_one = view_.resource.status.credentials.version != 0;
    plan_.secret_was_missing = !view_.secret && had_one;
    if (view_.secret && had_one && !plan_.rotates)
      plan_.drift.push_back("secret." + view_.resource.spec.keys.client_secret);
  }

  // Status and the previous key of the Secret change when an overlap ends.
  void return_for_ends() {
    if (!view_.own) return;
    for (const StoredVersion& version : view_.own->versions) {
      if (version.accepted(view_.now) && version.valid_until)
        come_back_within(plan_, *version.valid_until - view_.now);
    }
  }

  const UserView& view_;
  const PlanContext& context_;
  const CredentialFacts& facts_;
  const IdentityNames& names_;
  const credentials::RandomBytes& random_;
  IdentityChange& change_;
  Plan& plan_;
};

}  // namespace

bool is_our_secret(const UserView& view) {
  if (!view.secret || view.secret->type != kSecretType) return false;
  const auto uid = view.secret->annotations.find(std::string(credentials::annotation::kResourceUid));
  return uid != view.secret->annotations.end() && names_this_resource(view, uid->second);
}

CredentialFacts credential_facts(const UserView& view, const PlanContext& context) {
  CredentialFacts facts;
  const bool reference = view.resource.spec.source == CredentialSource::Reference;
  if (view.secret && !reference && !is_our_secret(view)) facts.conflict = conflict(view);
  if (view.secret && reference && view.secret->type == kSecretType) facts.conflict = conflict(view);
  if (facts.conflict || !view.secret) return facts;
  if (reference) {
    const auto client = view.secret->data.find(view.resource.spec.keys.client_id);
    if (client != view.secret->data.end())
      facts.referenced_client_id = ClientId(std::string(client->second.text.reveal()));
  }
  facts.value = find_value(view);
  if (facts.value == nullptr) return facts;
  facts.stored = find_version(view, facts.value->hash);
  if (reference) return facts;

  facts.seal = credentials::verified_seal(context.sealing_key, {context.cluster, view.resource.key},
                                          view.secret->annotations, facts.value->hash);
  if (facts.stored != nullptr)
    facts.old = is_old(view, context, facts.stored->number, facts.value->hash);
  else if (facts.seal)
    facts.old = is_old(view, context, facts.seal->number, facts.value->hash);
  return facts;
}

void add_credentials(const UserView& view, const PlanContext& context, const CredentialFacts& facts,
                     const IdentityNames& names, const credentials::RandomBytes& random,
                     IdentityChange& change, Plan& plan) {
  CredentialPass pass(view, context, facts, names, random, change, plan);
  if (view.resource.spec.source == CredentialSource::Reference)
    pass.run_reference();
  else
    pass.run();
}

}  // namespace neoid::plan
