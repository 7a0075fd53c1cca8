#include "tests/simulation/world_support.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace neoid::simulation {
namespace {

const ClusterId kCluster(std::string("6f1c9a52-3f0e-4b3a-9a39-0f1f7d1f2b11"));

std::string uid_text(int incarnation) { return fmt::format("00000000-0000-4000-8000-{:012}", incarnation); }

}  // namespace

World::World() {
  context_.cluster = kCluster;
  context_.sealing_key = Secret(std::string(32, 'k'));
  context_.fingerprint_key = Secret(std::string(32, 'f'));
  context_.create_deadline = kDeadline;
  context_.clock_margin = std::chrono::seconds(1);
  context_.issuer = "https://issuer.example";

  resource.key = {api::Kind::IntegrationUser, "apps", "billing"};
  resource.uid = Uid(uid_text(incarnation_));
  resource.resource_version = ResourceVersion("1");
  resource.generation = 1;
  resource.has_finalizer = true;
  resource.spec.display_name = "Billing";
  resource.spec.secret_namespace = "apps";
  resource.spec.secret_name = "billing-oauth";
  resource.spec.rotation.interval = kInterval;
  resource.spec.rotation.overlap = kOverlap;
  resource.spec.keys.previous_client_secret = "previous";
}

void World::claim(Replica& replica, bool clean) {
  lease_epoch = std::max(lease_epoch, database.epoch) + 1;
  database.epoch = lease_epoch;
  replica.epoch = lease_epoch;
  replica.session = database.session;
  replica.claimed_at = now;
  replica.clean_claim = clean;
}

void World::read(Replica& replica) {
  if (!exists) return sweep(replica);
  plan::UserView view;
  view.now = now;
  view.resource = resource;
  view.secret = secret;
  view.own = database.identity;
  plan::PlanContext context = context_;
  context.epoch = replica.epoch;
  context.may_create_secrets = replica.clean_claim || now - replica.claimed_at > 2 * kDeadline;
  credentials::RandomBytes random{};
  const std::uint64_t serial = ++serial_;
  for (std::size_t i = 0; i < 8; ++i) random[i] = static_cast<std::uint8_t>(serial >> (8 * i));
  replica.plan = plan::decide_user(view, context, random);
  replica.view = std::move(view);
  replica.next_step = 0;
  replica.started = now;
  replica.identity = database.identity;
  replica.secret_hash = secret_in_place();
  replica.store_error.reset();
  replica.api_error.reset();
}

std::optional<plan::StoredIdentity> World::commit(Replica& replica, const plan::IdentityChange& change) {
  if (replica.epoch != database.epoch || replica.session != database.session) {
    replica.store_error = Error{ErrorKind::Denied, "the term is over", "Fenced"};
    return std::nullopt;
  }
  store::ApplyFacts facts;
  facts.now = now;
  facts.scope_exists = [](const std::string&) { return true; };
  facts.client_id_holder = [&](const ClientId& client) -> std::optional<UserId> {
    if (database.identity && database.identity->client_id == client) return database.identity->user_id;
    return std::nullopt;
  };
  facts.occupant = [&](const api::ResourceKey&) -> std::optional<UserId> {
    if (database.identity) return database.identity->user_id;
    return std::nullopt;
  };
  // The row is found by its user; another user's is not touched.
  const bool mine = database.identity && database.identity->user_id == change.user_id;
  auto after = store::apply_change(change, facts, mine ? database.identity : std::nullopt);
  if (!after) {
    replica.store_error = after.error();
    return std::nullopt;
  }
  if (!mine && !*after) return std::nullopt;
  if (!*after) {
    for (const auto& version : database.identity->versions) ended.insert(hex(version.hash));
  }
  database.identity = *after;
  note_ended();
  return *after;
}

plan::SecretView World::made(const plan::SecretContent& content) {
  plan::SecretView view;
  view.uid = Uid(fmt::format("secret-{}", ++serial_));
  view.resource_version = ResourceVersion(fmt::format("{}", ++serial_));
  view.type = plan::kSecretType;
  view.labels = content.labels;
  view.annotations = content.annotations;
  view.data = content.data;
  return view;
}

void World::write_secret(Replica& replica) {
  if (const auto* create = std::get_if<plan::CreateSecret>(&replica.plan->secret)) {
    if (now - replica.started > kDeadline) {  // the deadline is over: it is not sent
      replica.api_error = Error{ErrorKind::Timeout, "too late to send"};
      return;
    }
    if (delay_creates && !pending) {
      pending = PendingCreate{made(create->content), now};
      replica.api_error = Error{ErrorKind::Timeout, "no answer"};
      return;
    }
    if (secret) {
      replica.api_error = Error{ErrorKind::Conflict, "exists", "AlreadyExists"};
      return;
    }
    secret = made(create->content);
    written_by_neoid = true;
  } else if (const auto* update = std::get_if<plan::UpdateSecret>(&replica.plan->secret)) {
    if (!secret || secret->resource_version != update->resource_version) {
      replica.api_error = Error{ErrorKind::Conflict, "changed meanwhile", "Conflict"};
      return;
    }
    plan::SecretView next = made(update->content);
    next.uid = secret->uid;
    secret = std::move(next);
    written_by_neoid = true;
  } else if (const auto* remove = std::get_if<plan::DeleteSecret>(&replica.plan->secret)) {
    if (secret && secret->uid == remove->uid) secret.reset();
  }
  replica.secret_hash = secret_in_place();
}

void World::write_status(Replica& replica) {
  const status::StatusUpdate update =
      status::user_status({*replica.view, *replica.plan, context_, replica.identity, replica.secret_hash,
                           replica.store_error, replica.api_error});
  const auto* ready = meta::find_condition(update.status.conditions, "Ready");
  ready_reasons.push_back(ready == nullptr ? "" : ready->reason);
  if (!update.changed || resource.resource_version != replica.view->resource.resource_version) return;
  resource.status = update.status;
  if (!update.status.client_id.empty()) clients.insert(update.status.client_id);
  touch_resource();
}

// The end of a pass: the status, or the end of the resource.
void World::finish(Replica& replica) {
  const bool failed = replica.store_error || replica.api_error;
  if (replica.plan->finalizer == plan::FinalizerAction::Remove) {
    if (!failed && resource.resource_version == replica.view->resource.resource_version) exists = false;
    return;
  }
  const bool lost = replica.store_error && replica.store_error->reason == "Fenced";
  if (exists && !replica.plan->again && !lost) write_status(replica);
}

// As controller/reconcilers does with the row of a resource that is gone for certain.
void World::sweep(Replica& replica) {
  replica.store_error.reset();
  if (!database.identity || database.identity->standing != plan::Standing::Owned) return;
  const plan::StoredIdentity& own = *database.identity;
  commit(replica, {own.user_id, own.owner, "unknown", "the resource is gone", {plan::LeaveBehind{}}});
}

void World::touch_resource() { resource.resource_version = ResourceVersion(fmt::format("{}", ++serial_)); }

bool World::step(Replica& replica) {
  if (!replica.plan) return false;
  const int step = replica.next_step++;
  if (step == 0 && replica.plan->before) {
    auto after = commit(replica, *replica.plan->before);
    if (!replica.store_error) replica.identity = std::move(after);
  } else if (step == 1 && !replica.store_error) {
    write_secret(replica);
  } else if (step == 2 && replica.plan->after && !replica.store_error && !replica.api_error) {
    auto after = commit(replica, *replica.plan->after);
    if (!replica.store_error) replica.identity = std::move(after);
  } else if (step == 3) {
    finish(replica);
    crash(replica);
    return false;
  }
  return true;
}

void World::crash(Replica& replica) {
  replica.view.reset();
  replica.plan.reset();
}

void World::pass(Replica& replica) {
  read(replica);
  while (step(replica)) {
  }
}

void World::settle(Replica& replica) {
  for (int round = 0; round < 40; ++round) {
    read(replica);
    if (!replica.plan) return;  // swept
    const plan::Plan plan = *replica.plan;
    while (step(replica)) {
    }
    const bool acted = plan.needs_live();
    if (!acted && !plan.credentials_problem) return;
    if (plan.credentials_problem) advance(plan.come_back.value_or(kDeadline) + std::chrono::milliseconds(1));
  }
}

void World::advance(Duration duration) {
  now += duration;
  if (pending && now - pending->sent_at > kDeadline) pending.reset();  // it lands within D or never
  note_ended();
}

void World::land_pending_create() {
  if (!pending) return;
  if (!secret) {
    secret = pending->secret;
    written_by_neoid = true;
  }
  pending.reset();
}

void World::drop_pending_create() { pending.reset(); }

void World::delete_secret_by_hand() { secret.reset(); }

void World::edit_secret_by_hand() {
  if (!secret) return;
  secret->data["client_secret"] = plan::SecretValue::of(fmt::format("edited-by-hand-{}", ++serial_));
  secret->resource_version = ResourceVersion(fmt::format("{}", ++serial_));
  written_by_neoid = false;
}

void World::keep_copy_of_secret() { copy_ = secret; }

void World::put_copy_of_secret_back() {
  if (!copy_) return;
  secret = copy_;
  secret->resource_version = ResourceVersion(fmt::format("{}", ++serial_));
  written_by_neoid = false;
}

void World::request_rotation() {
  resource.rotate = fmt::format("request-{}", ++serial_);
  touch_resource();
}

void World::set_active(bool active) {
  if (resource.spec.active == active) return;
  resource.spec.active = active;
  ++resource.generation;
  touch_resource();
}

void World::put_copy_back_under_this_uid() {
  put_copy_of_secret_back();
  if (secret) secret->annotations[std::string(credentials::annotation::kResourceUid)] = resource.uid.value;
}

void World::delete_resource() {
  if (!exists || resource.deleted_at) return;
  resource.deleted_at = now;
  touch_resource();
}

void World::recreate_resource() {
  if (database.identity) {
    for (const auto& version : database.identity->versions) ended.insert(hex(version.hash));
  }
  database.identity.reset();
  secret.reset();
  exists = false;
  create_resource();
}

void World::create_resource() {
  if (exists) return;
  exists = true;
  clients.clear();
  resource.deleted_at.reset();
  resource.uid = Uid(uid_text(++incarnation_));
  resource.generation = 1;
  resource.status = {};
  resource.rotate.clear();
  touch_resource();
}

void World::restore_snapshot() {
  if (!snapshot_) return;
  const int session = database.session;
  database = *snapshot_;
  database.session = session + 1;
}

void World::note_ended() {
  if (!database.identity) return;
  for (const auto& version : database.identity->versions) {
    if (!version.accepted(now)) ended.insert(hex(version.hash));
  }
}

bool World::restore_would_revive() const {
  if (!snapshot_ || !snapshot_->identity || !exists) return false;
  const auto& status = resource.status.credentials;
  for (const auto& version : snapshot_->identity->versions) {
    if (!version.accepted(now) || ended.count(hex(version.hash)) == 0) continue;
    const auto listed = std::find_if(status.versions.begin(), status.versions.end(),
                                     [&](const auto& one) { return one.number == version.number; });
    const bool told = listed == status.versions.end() ? version.number <= status.version
                                                      : listed->valid_until && *listed->valid_until <= now;
    if (!told) return true;
  }
  return false;
}

bool World::holds_a_lasting_value(Duration ahead) const {
  if (!secret || !written_by_neoid || !exists || resource.deleted_at) return false;
  const auto seal = credentials::claimed_seal(secret->annotations);
  return seal && seal->resource_uid == resource.uid &&
         (resource.rotate.empty() || resource.rotate == seal->rotation_request) &&
         now + ahead < seal->issued_at + kInterval;
}

bool World::store_accepts(const Sha256& hash) const {
  if (!database.identity) return false;
  for (const auto& version : database.identity->versions) {
    if (version.hash == hash) return version.accepted(now);
  }
  return false;
}

std::optional<Sha256> World::secret_in_place() const {
  if (!secret) return std::nullopt;
  const auto found = secret->data.find("client_secret");
  if (found == secret->data.end()) return std::nullopt;
  return found->second.hash;
}

}  // namespace neoid::simulation
