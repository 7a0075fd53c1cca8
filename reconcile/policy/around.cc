#include "reconcile/policy/around.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/api/scope.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/policy/across.h"

namespace neoid::policy {
namespace {

constexpr FactRef kThere = 0;
constexpr FactRef kRequest = 1;
constexpr std::size_t kNamed = 3;  // holders in one sentence

bool is_same(const Json& a, const Json& b) {
  return a.value("kind", Json()) == b.value("kind", Json()) && meta::name_of(a) == meta::name_of(b) &&
         meta::namespace_of(a) == meta::namespace_of(b);
}

std::string sentence(const Violation& violation) {
  return fmt::format("{}: {}{}", violation.field, violation.message,
                     violation.help.empty() ? "" : " (" + violation.help + ")");
}

std::vector<std::string> of_user(const AdmissionFacts& facts, const Around& around) {
  Across across;
  const auto there = [](std::string_view) { return kThere; };
  across.add(around.catalogue);
  const std::string ns = meta::namespace_of(*facts.object);
  if (around.namespace_labels && !ns.empty())
    across.add({{"apiVersion", "v1"},
                {"kind", "Namespace"},
                {"metadata", {{"name", ns}, {"labels", *around.namespace_labels}}}},
               there);
  for (const Json& rival : around.rivals)
    if (!is_same(rival, *facts.object)) across.add(rival, there);
  across.add(*facts.object, [](std::string_view) { return kRequest; });
  std::vector<std::string> warnings;
  for (const Violation& violation : across.judge())
    if (violation.at == kRequest || violation.other == kRequest) warnings.push_back(sentence(violation));
  return warnings;
}

std::string named(const std::vector<Holder>& holders) {
  std::string names;
  for (std::size_t i = 0; i < std::min(holders.size(), kNamed); ++i)
    names += fmt::format("{}{}/{}", i == 0 ? "" : ", ", holders[i].ns, holders[i].name);
  if (holders.size() > kNamed) names += fmt::format(" and {} more", holders.size() - kNamed);
  return names;
}

std::optional<CatalogueScope> scope_of(const Json* object) {
  if (object == nullptr) return std::nullopt;
  const auto decoded = api::decode_scope(*object);
  if (!decoded) return std::nullopt;
  return CatalogueScope{decoded->spec.deprecated, decoded->spec.replacement,
                        decoded->spec.allowed_namespaces};
}

std::vector<std::string> of_scope(const AdmissionFacts& facts, const Around& around) {
  std::vector<std::string> warnings;
  if (around.holders.empty()) return warnings;
  if (facts.operation == AdmissionOperation::Delete) {
    warnings.push_back(fmt::format("the Scope {} is held by {}: it stays until they ask for it no more",
                                   facts.name, named(around.holders)));
    return warnings;
  }
  const auto before = scope_of(facts.old_object);
  const auto after = scope_of(facts.object);
  if (!before || !after) return warnings;
  if (after->deprecated && !before->deprecated)
    warnings.push_back(fmt::format("the Scope {} is held by {}: they keep it, and are told to ask for {}",
                                   facts.name, named(around.holders),
                                   after->replacement.empty() ? "another one" : after->replacement));
  std::vector<Holder> losers;
  for (const Holder& holder : around.holders) {
    const auto granted = [&](const CatalogueScope& scope) {
      return !resolve_scopes({facts.name}, {{facts.name, scope}}, holder.namespace_labels, Reach::Namespace)
                  .granted.empty();
    };
    if (granted(*before) && !granted(*after)) losers.push_back(holder);
  }
  if (!losers.empty())
    warnings.push_back(fmt::format("spec.allowedNamespaces: this takes the Scope {} from {} at once",
                                   facts.name, named(losers)));
  return warnings;
}

}  // namespace

std::vector<std::string> around_warnings(const AdmissionFacts& facts, const Around& around) {
  if (!facts.subresource.empty()) return {};
  if (facts.kind == api::Kind::Scope) return of_scope(facts, around);
  if (facts.operation == AdmissionOperation::Delete || facts.object == nullptr || !facts.object->is_object())
    return {};
  return of_user(facts, around);
}

}  // namespace neoid::policy
