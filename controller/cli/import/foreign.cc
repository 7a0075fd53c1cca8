#include "controller/cli/import/foreign.h"

#include <fmt/format.h>

#include <utility>

#include "controller/cli/import/names.h"
#include "reconcile/api/resource_key.h"

namespace neoid::import {
namespace {

constexpr std::size_t kMostDisplayName = 120;
constexpr std::size_t kMostDescription = 1024;
constexpr std::size_t kMostScopes = 64;

// Scopes of OpenID Connect: about people and browser sessions, which an integration user has not.
bool is_for_people(std::string_view token) {
  static const std::set<std::string_view> kForPeople = {"openid", "profile", "email",          "address",
                                                        "phone",  "offline", "offline_access", "web-origins",
                                                        "acr",    "roles",   "basic"};
  return kForPeople.count(token) > 0;
}

std::string group_of(const Json& object) {
  const std::string version = text_at(object, "apiVersion");
  const auto slash = version.find('/');
  return slash == std::string::npos ? std::string() : version.substr(0, slash);
}

}  // namespace

const Json& object_of(const Json& object, std::string_view member) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(std::string(member));
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

std::vector<std::string> texts_of(const Json& object, std::string_view member) {
  std::vector<std::string> texts;
  const auto found = object.find(std::string(member));
  if (found == object.end() || !found->is_array()) return texts;
  for (const Json& item : *found)
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

// --- Draft ---------------------------------------------------------------------------------------

void Draft::name(std::string_view ns, std::string_view name) {
  namespace_ = ns.empty() ? wishes_.default_namespace : std::string(ns);
  name_ = resource_name(name);
  if (!name_.empty() && name_ != name)
    note(fmt::format("the name \"{}\" cannot be that of a resource here; it became \"{}\"", name, name_));
}

void Draft::display_name(std::string_view text) {
  const std::string kept = shortened(text, kMostDisplayName);
  if (kept.size() < text.size())
    note(fmt::format("the display name was cut to {} characters", kMostDisplayName));
  spec_["displayName"] = kept;
}

void Draft::description(std::string_view text) {
  if (text.empty()) return;
  const std::string kept = shortened(text, kMostDescription);
  if (kept.size() < text.size())
    note(fmt::format("the description was cut to {} characters", kMostDescription));
  spec_["description"] = kept;
}

void Draft::scopes(const std::vector<std::string>& tokens) {
  std::set<std::string> names;
  for (const std::string& token : tokens) {
    if (wishes_.scope_map.count(token) == 0 && is_for_people(token)) {
      note(fmt::format("the scope \"{}\" is not carried over: it is about people who sign in", token));
      continue;
    }
    const std::string name = scope_name(token, wishes_.scope_map);
    if (name.empty()) {
      note(fmt::format("the scope \"{}\" is left out", token));
      continue;
    }
    if (name != token)
      note(fmt::format("the scope \"{}\" became \"{}\": tokens will carry the new name", token, name));
    names.insert(name);
  }
  if (names.size() > kMostScopes) {
    note(
        fmt::format("{} scopes are more than the {} that one integration user may ask for; the last ones are "
                    "left out: split the integration, or make wider scopes",
                    names.size(), kMostScopes));
    while (names.size() > kMostScopes) names.erase(std::prev(names.end()));
  }
  if (!names.empty()) spec_["scopes"] = names;
}

void Draft::active(bool active) {
  if (!active) spec_["active"] = false;
}

void Draft::secret(std::string_view name, std::string_view client_id_key,
                   std::string_view client_secret_key) {
  if (wishes_.credentials == Credentials::New) {
    note(fmt::format("new credentials will be made; those of Secret {}/{} are not taken over", namespace_,
                     name));
    return;
  }
  spec_["credentials"] = {{"source", "Reference"},
                          {"secretName", name},
                          {"keys", {{"clientID", client_id_key}, {"clientSecret", client_secret_key}}}};
  note(fmt::format(
      "its credentials stay in Secret {}/{}: keep that Secret when the other operator goes (it deletes "
      "what it owns), and see that the client secret has at least 32 characters",
      namespace_, name));
}

void Draft::note(std::string text) { imported_.notes.push_back(std::move(text)); }

void Draft::not_carried_over(const Json& object, std::string_view prefix,
                             const std::vector<std::pair<std::string, std::string>>& members) {
  for (const auto& [member, why] : members) {
    const auto found = object.find(member);
    if (found == object.end() || found->is_null() || found->empty()) continue;
    note(fmt::format("{}{} is not carried over: {}", prefix, member, why));
  }
}

Imported Draft::refuse(std::string why) {
  imported_.resource = nullptr;
  imported_.notes = {std::move(why)};
  return std::move(imported_);
}

Imported Draft::done() {
  if (name_.empty()) return refuse("it has no name that a resource could have");
  if (!spec_.contains("displayName")) spec_["displayName"] = name_;
  imported_.resource = {{"apiVersion", api::kApiVersion},
                        {"kind", "IntegrationUser"},
                        {"metadata", {{"namespace", namespace_}, {"name", name_}}},
                        {"spec", std::move(spec_)}};
  return std::move(imported_);
}

// --- which source ----------------------------------------------------------------------------------

std::optional<std::vector<Imported>> import_object(const Json& object, const Wishes& wishes) {
  if (!object.is_object()) return std::nullopt;
  const std::string group = group_of(object);
  const std::string kind = text_at(object, "kind");
  if (group == "hydra.ory.sh" && kind == "OAuth2Client") return std::vector{import_hydra(object, wishes)};
  if (group == "kafka.strimzi.io" && kind == "KafkaUser") return std::vector{import_strimzi(object, wishes)};
  const bool of_keycloak = (group == "keycloak.org" || group == "k8s.keycloak.org") &&
                           (kind == "KeycloakClient" || kind == "KeycloakRealmImport");
  const bool realm_export = kind.empty() && object.contains("realm") && object.contains("clients");
  const bool client_export = kind.empty() && object.contains("clientId");
  if (of_keycloak || realm_export || client_export) return import_keycloak(object, wishes);
  return std::nullopt;
}

}  // namespace neoid::import
