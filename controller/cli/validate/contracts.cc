#include "controller/cli/validate/contracts.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "reconcile/api/embedded.h"
#include "reconcile/base/check.h"
#include "reconcile/value/yaml.h"

namespace neoid::validate {

struct Contracts::Lazy {
  api::Kind kind;
  std::string_view text;
  std::once_flag once;
  std::optional<schema::Crd> crd;
};

Contracts::Contracts(cel::KubernetesVersion version) : version_(version) {
  using enum api::Kind;
  for (const api::Kind kind : {IntegrationUser, SystemIntegrationUser, Scope}) {
    const std::string name = std::string(api::plural(kind)) + ".yaml";
    const auto files = api::embedded_crd();
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const api::EmbeddedFile& one) { return one.name == name; });
    NEOID_CHECK(file != files.end());
    auto lazy = std::make_unique<Lazy>();
    lazy->kind = kind;
    lazy->text = file->text;
    embedded_.push_back(std::move(lazy));
  }
}

Contracts::~Contracts() = default;

std::vector<FieldError> Contracts::add(const Json& crd) {
  auto loaded = schema::load_crd(crd, version_);
  if (!loaded) return loaded.error();
  auto key = std::pair(loaded->group, loaded->names.kind);
  added_[std::move(key)] = std::make_unique<schema::Crd>(std::move(*loaded));
  return {};
}

const schema::Crd* Contracts::find(std::string_view group, std::string_view kind) const {
  if (!added_.empty()) {
    const auto added = added_.find(std::pair(std::string(group), std::string(kind)));
    if (added != added_.end()) return added->second.get();
  }
  if (group != api::kGroup) return nullptr;
  for (const auto& lazy : embedded_) {
    if (api::to_string(lazy->kind) != kind) continue;
    std::call_once(lazy->once, [&] {
      const auto object = parse_yaml(lazy->text);
      NEOID_CHECK(object.has_value());
      auto crd = schema::load_crd(*object, version_);
      NEOID_CHECK(crd.has_value());
      lazy->crd = std::move(*crd);
    });
    return &*lazy->crd;
  }
  return nullptr;
}

bool Contracts::knows_group(std::string_view group) const {
  if (group == api::kGroup) return true;
  return std::any_of(added_.begin(), added_.end(),
                     [&](const auto& entry) { return entry.first.first == group; });
}

std::vector<std::string> Contracts::groups() const {
  std::vector<std::string> groups = {std::string(api::kGroup)};
  for (const auto& [key, crd] : added_)
    if (key.first != groups.back()) groups.push_back(key.first);
  return groups;
}

std::vector<std::string> Contracts::kinds(std::string_view group) const {
  std::vector<std::string> kinds;
  if (group == api::kGroup)
    for (const auto& lazy : embedded_) kinds.emplace_back(api::to_string(lazy->kind));
  for (const auto& [key, crd] : added_)
    if (key.first == group) kinds.push_back(key.second);
  return kinds;
}

std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {{}, api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

}  // namespace neoid::validate
