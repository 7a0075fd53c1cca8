#include "tests/reconcile/plan/scene_support.h"

#include <fmt/format.h>

#include <utility>

#include "reconcile/plan/secret_content.h"

namespace neoid::plan {
namespace {

const ClusterId kCluster(std::string("6f1c9a52-3f0e-4b3a-9a39-0f1f7d1f2b11"));

std::string word_of(const Operation& operation) {
  struct Words {
    std::string operator()(const PutIdentity& put) const {
      return put.adopt ? "adopt" : put.predecessor ? "put over " + put.predecessor->value : "put";
    }
    std::string operator()(const IssueVersion& issue) const { return fmt::format("issue {}", issue.number); }
    std::string operator()(const DeliverVersion& deliver) const {
      return fmt::format("deliver {}", deliver.number);
    }
    std::string operator()(const HealVersion& heal) const {
      return fmt::format("heal {}{}", heal.number,
                         heal.previous ? fmt::format(" and {}", heal.previous->number) : "");
    }
    std::string operator()(const RevokeAll&) const { return "revoke all"; }
    std::string operator()(const PlaceHold&) const { return "hold"; }
    std::string operator()(const LiftHold&) const { return "lift the hold"; }
    std::string operator()(const LeaveBehind&) const { return "leave behind"; }
    std::string operator()(const ReleaseOwner&) const { return "release"; }
    std::string operator()(const DeleteIdentity&) const { return "delete"; }
  };
  return std::visit(Words(), operation);
}

std::string words_of(const char* when, const IdentityChange& change) {
  std::string words = std::string(when) + ": ";
  for (std::size_t i = 0; i < change.operations.size(); ++i)
    words += (i == 0 ? "" : ", ") + word_of(change.operations[i]);
  return words;
}

std::string words_of(const char* about, const Finding& finding) {
  return fmt::format("{} {}{}", about, finding.reason, finding.stalled ? " (stalled)" : "");
}

struct SecretWords {
  std::string operator()(const std::monostate&) const { return {}; }
  std::string operator()(const CreateSecret&) const { return "Secret created"; }
  std::string operator()(const UpdateSecret& update) const {
    return update.remove_keys.empty()
               ? "Secret updated"
               : fmt::format("Secret updated without {}", fmt::join(update.remove_keys, ","));
  }
  std::string operator()(const DeleteSecret&) const { return "Secret deleted"; }
};

}  // namespace

std::string in_words(const Plan& plan) {
  std::vector<std::string> words;
  if (plan.finalizer == FinalizerAction::Add) words.push_back("finalizer added");
  if (plan.finalizer == FinalizerAction::Remove) words.push_back("finalizer removed");
  if (plan.before) words.push_back(words_of("before", *plan.before));
  if (auto secret = std::visit(SecretWords(), plan.secret); !secret.empty())
    words.push_back(std::move(secret));
  if (plan.after) words.push_back(words_of("after", *plan.after));
  if (plan.again) words.push_back("again");
  if (plan.come_back)
    words.push_back(fmt::format(
        "back in {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(*plan.come_back).count()));
  if (plan.identity_problem) words.push_back(words_of("identity", *plan.identity_problem));
  if (plan.credentials_problem) words.push_back(words_of("credential", *plan.credentials_problem));
  if (!plan.drift.empty())
    words.push_back(fmt::format("drift {}{}{}", fmt::join(plan.drift, ","),
                                plan.drift_by.empty() ? "" : " by ", plan.drift_by));
  if (plan.issues) words.push_back("issues");
  if (plan.rotates) words.push_back("rotates");
  if (plan.secret_was_missing) words.push_back("the Secret was missing");
  if (plan.observes) words.push_back("observes");
  if (plan.paused) words.push_back("paused");
  return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, "; "));
}

std::string Scene::plan() const { return in_words(decide()); }

Scene Scene::fresh(api::Kind kind) {
  Scene scene;
  const bool system = kind == api::Kind::SystemIntegrationUser;
  api::UserResource& resource = scene.view.resource;
  resource.key = {kind, system ? "" : "apps", "billing"};
  resource.uid = Uid(std::string("00000000-0000-4000-8000-000000000001"));
  resource.resource_version = ResourceVersion("1");
  resource.generation = 1;
  resource.requested_by = "alice";
  resource.spec_json = {{"displayName", "Billing"}};
  resource.spec.display_name = "Billing";
  resource.spec.description = "Sends bills.";
  resource.spec.tags = {"nightly", "archive", "nightly"};
  resource.spec.secret_namespace = system ? "platform" : "apps";
  resource.spec.secret_name = "billing-oauth";
  scene.view.scopes.granted = {"contacts", "documents"};
  scene.view.now = Instant(std::chrono::hours(500000));
  scene.context.cluster = kCluster;
  scene.context.sealing_key = Secret(std::string(32, 'k'));
  scene.context.fingerprint_key = Secret(std::string(32, 'f'));
  scene.context.issuer = "https://issuer.example";
  return scene;
}

Scene Scene::settled(api::Kind kind) {
  Scene scene = fresh(kind);
  const Plan plan = scene.decide();
  const auto& put = std::get<PutIdentity>(plan.before->operations.at(0));
  const auto& issue = std::get<IssueVersion>(plan.before->operations.at(1));
  const auto& create = std::get<CreateSecret>(plan.secret);

  StoredIdentity own;
  own.user_id = plan.before->user_id;
  own.client_id = put.client_id;
  own.kind = put.kind;
  own.owner = plan.before->owner;
  own.config = put.config;
  own.updated_at = scene.view.now;
  own.versions.push_back({issue.number, issue.hash, VersionState::Delivered, issue.issued_at, scene.view.now,
                          std::nullopt, true, "", std::nullopt});
  scene.view.own = own;
  scene.view.secret = SecretView{Uid(std::string("secret-1")),
                                 ResourceVersion("7"),
                                 std::string(kSecretType),
                                 create.content.labels,
                                 create.content.annotations,
                                 create.content.data,
                                 false};
  api::UserResource& resource = scene.view.resource;
  resource.has_finalizer = true;
  resource.status.observed_generation = 1;
  resource.status.user_id = own.user_id;
  resource.status.client_id = own.client_id;
  resource.status.active = true;
  resource.status.credentials.version = issue.number;
  resource.status.credentials.versions = {
      {issue.number, credentials::fingerprint(scene.context.fingerprint_key, issue.hash), issue.issued_at,
       std::nullopt}};
  return scene;
}

Scene Scene::referenced(const std::string& value) {
  Scene scene = settled();
  scene.spec().source = api::CredentialSource::Reference;
  scene.own().versions.clear();
  scene.listed() = {};
  scene.view.secret.reset();
  if (value.empty()) return scene;
  SecretView secret;
  secret.type = "Opaque";
  secret.data["client_secret"] = SecretValue::of(value);
  scene.view.secret = secret;
  return scene;
}

void Scene::add_version(VersionNumber number, VersionState state, const std::string& value) {
  StoredVersion version;
  version.number = number;
  version.hash = SecretValue::of(value).hash;
  version.state = state;
  version.issued_at = view.now;
  own().versions.push_back(version);
}

void Scene::rotate(Duration left) {
  const SecretValue before = value();
  const SecretValue now = SecretValue::of("neoid_the second value");
  own().versions.at(0).valid_until = view.now + left;
  add_version(2, VersionState::Delivered, "neoid_the second value");
  DeliveredValue delivered{
      {2, own().user_id, own().client_id, view.now, "", view.resource.uid}, now, std::nullopt};
  if (left > Duration(0)) delivered.previous = before;
  const SecretContent content = secret_content(view, context, delivered);
  secret().data = content.data;
  secret().annotations = content.annotations;
  listed().version = 2;
  listed().versions.at(0).valid_until = view.now + left;
  listed().versions.push_back(
      {2, credentials::fingerprint(context.fingerprint_key, now.hash), view.now, std::nullopt});
}

}  // namespace neoid::plan
