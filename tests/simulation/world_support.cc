#include "tests/simulation/world_support.h"

#include <fmt/format.h>

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
  auto after = store::apply_change(change, facts, database.identity);
  if (!after) {
    replica.store_error = after.error();
    return std::nullopt;
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
  resource.resource_version = ResourceVersion(fmt::format("{}", ++serial_));
}

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
    const bool lost = replica.store_error && replica.store_error->reason == "Fenced";
    if (!replica.plan->again && !lost) write_status(replica);
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
  resource.resource_version = ResourceVersion(fmt::format("{}", ++serial_));
}

void World::set_active(bool active) {
  if (resource.spec.active == active) return;
  resource.spec.active = active;
  ++resource.generation;
  resource.resource_version = ResourceVersion(fmt::format("{}", ++serial_));
}

void World::recreate_resource() {
  if (database.identity) {
    for (const auto& version : database.identity->versions) ended.insert(hex(version.hash));
  }
  database.identity.reset();
  secret.reset();
  resource.uid = Uid(uid_text(++incarnation_));
  resource.generation = 1;
  resource.status = {};
  resource.rotate.clear();
  resource.resource_version = ResourceVersion(fmt::format("{}", ++serial_));
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
