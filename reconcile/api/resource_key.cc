#include "reconcile/api/resource_key.h"

namespace neoid::api {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::IntegrationUser: return "IntegrationUser";
    case Kind::SystemIntegrationUser: return "SystemIntegrationUser";
    case Kind::Scope: return "Scope";
  }
  return "";
}

std::string_view plural(Kind kind) {
  switch (kind) {
    case Kind::IntegrationUser: return "integrationusers";
    case Kind::SystemIntegrationUser: return "systemintegrationusers";
    case Kind::Scope: return "scopes";
  }
  return "";
}

std::optional<Kind> parse_kind(std::string_view text) {
  for (const Kind kind : {Kind::IntegrationUser, Kind::SystemIntegrationUser, Kind::Scope}) {
    if (to_string(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string ResourceKey::text() const {
  std::string text(to_string(kind));
  text += ' ';
  if (!ns.empty()) text += ns + '/';
  return text + name;
}

}  // namespace neoid::api
