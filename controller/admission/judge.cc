#include "controller/admission/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "reconcile/api/embedded.h"
#include "reconcile/base/check.h"
#include "reconcile/schema/crd.h"
#include "reconcile/value/yaml.h"

namespace neoid::admission {

struct Judge::Contract {
  std::map<std::string, schema::Crd, std::less<>> by_kind;
};

Judge::Judge(JudgeOptions options) : options_(std::move(options)) {
  auto contract = std::make_unique<Contract>();
  for (const api::EmbeddedFile& file : api::embedded_crd()) {
    const auto object = parse_yaml(file.text);
    NEOID_CHECK(object.has_value());
    auto crd = schema::load_crd(*object);
    NEOID_CHECK(crd.has_value());
    contract->by_kind.emplace(crd->names.kind, std::move(*crd));
  }
  contract_ = std::move(contract);
  // Whoever keeps the resources must be able to.
  for (const std::string& user : options_.own_users) options_.platform.users.push_back(user);
}

Judge::~Judge() = default;

bool Judge::is_own(const std::string& user) const {
  return std::find(options_.own_users.begin(), options_.own_users.end(), user) != options_.own_users.end();
}

// Nothing: not of our kinds.
std::optional<policy::AdmissionFacts> Judge::facts_of(const Request& request) const {
  const auto kind = api::parse_kind(request.kind);
  if (request.group != api::kGroup || !kind) return std::nullopt;
  policy::AdmissionFacts facts = request.facts;
  facts.kind = *kind;
  return facts;
}

// Empty: the object keeps the contract.
std::string Judge::breach(const policy::AdmissionFacts& facts) const {
  if (!policy::changes_spec(facts)) return {};
  const schema::Crd& crd = contract_->by_kind.at(std::string(api::to_string(facts.kind)));
  const schema::Version& version = crd.storage_version();
  // A server with a newer contract may let more fields in: they are its business.
  Json object = *facts.object;
  version.schema.prune(object);
  version.schema.apply_defaults(object);
  std::optional<Json> old;
  if (facts.old_object != nullptr) version.schema.apply_defaults(old.emplace(*facts.old_object));
  std::string text;
  for (const FieldError& error : version.schema.validate(object, old ? &*old : nullptr)) {
    if (schema::says_rules_were_left_out(error)) continue;
    const bool of_the_whole = error.field.empty() || error.field == "<nil>";
    text += (text.empty() ? "" : ", ") + (of_the_whole ? error.message() : error.text());
  }
  return text;
}

Verdict Judge::validate(const Request& request) const {
  Verdict verdict;
  const auto facts = facts_of(request);
  if (!facts) return verdict;
  if (const auto judged = policy::judge_admission(*facts, options_.platform); !judged.allowed) {
    verdict.allowed = false;
    verdict.code = 403;
    verdict.reason = "Forbidden";
    verdict.message = judged.message;
    return verdict;
  }
  if (!facts->subresource.empty() || policy::is_going(*facts)) return verdict;
  if (std::string text = breach(*facts); !text.empty()) {
    verdict.allowed = false;
    verdict.code = 422;
    verdict.reason = "Invalid";
    verdict.message = std::move(text);
    return verdict;
  }
  if (is_own(facts->user)) return verdict;
  verdict.warnings = policy::annotation_warnings(*facts);
  if (options_.around) {
    for (std::string& text : policy::around_warnings(*facts, options_.around(*facts)))
      verdict.warnings.push_back(std::move(text));
  }
  return verdict;
}

std::optional<Json> Judge::mutate(const Request& request) const {
  auto facts = facts_of(request);
  if (!facts || policy::is_going(*facts)) return std::nullopt;
  std::optional<Json> object = policy::with_finalizer(*facts);
  if (object) facts->object = &*object;
  if (!is_own(facts->user)) {
    if (auto named = policy::with_requester(*facts)) return named;
  }
  return object;
}

}  // namespace neoid::admission
