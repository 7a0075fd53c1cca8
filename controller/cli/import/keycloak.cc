// Keycloak's clients: resources of its operators, realm imports, and the JSON of `kc.sh export`.
#include <fmt/format.h>

#include "controller/cli/import/foreign.h"
#include "controller/cli/import/names.h"

namespace neoid::import {
namespace {

// Where a client stands, and what the operator that made it calls its Secret.
struct Place {
  std::string kind;
  std::string ns;
  std::string resource;  // of the client's own resource; empty: it has none
};

bool truth_of(const Json& object, std::string_view member, bool otherwise) {
  const auto found = object.find(std::string(member));
  return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

const std::vector<std::pair<std::string, std::string>>& keycloak_without_counterpart() {
  static const std::vector<std::pair<std::string, std::string>> kMembers = {
      {"redirectUris", "an integration user signs nobody in"},
      {"webOrigins", "tokens are not fetched from browsers"},
      {"protocolMappers", "tokens carry client_id, scope and the standard claims only"},
      {"authorizationSettings", "what a scope permits stands in the Scope"},
      {"attributes", "use labels, annotations or spec.tags"},
      {"authenticationFlowBindingOverrides", "an integration user signs nobody in"},
  };
  return kMembers;
}

void take_credentials(Draft& draft, const Json& client, const Place& place, const std::string& client_id,
                      const Wishes& wishes) {
  if (client.contains("secret"))
    draft.note(
        "the client secret stands in the file itself: it is not carried over; take it out of the file and "
        "its "
        "history, and replace it");
  if (!place.resource.empty()) {
    draft.secret("keycloak-client-secret-" + place.resource, "CLIENT_ID", "CLIENT_SECRET");
    return;
  }
  if (wishes.credentials == Credentials::New) return;
  const std::string name = resource_name(client_id);
  draft.secret(name + "-oauth", "client_id", "client_secret");
  draft.note(fmt::format(
      "make that Secret first: kubectl create secret generic {0}-oauth -n {1} --from-literal=client_id={2} "
      "--from-file=client_secret=FILE; or import with --credentials new",
      name, place.ns, client_id));
}

Imported import_client(const Json& client, const Place& place, const Wishes& wishes) {
  const std::string client_id = text_at(client, "clientId");
  const std::string name = place.resource.empty() ? client_id : place.resource;
  Draft draft(wishes, fmt::format("{} {}/{}", place.kind, place.ns, name));
  const std::string protocol = text_at(client, "protocol");
  if (!protocol.empty() && protocol != "openid-connect")
    return draft.refuse(
        fmt::format("its protocol is {}, and integration users have OAuth 2.0 only", protocol));
  if (truth_of(client, "publicClient", false))
    return draft.refuse("it is a public client, without a secret of its own");
  if (!truth_of(client, "serviceAccountsEnabled", false))
    return draft.refuse(
        "serviceAccountsEnabled is not set: it does not use the grant client_credentials, and is no "
        "integration "
        "user");
  draft.name(place.ns, name);
  draft.display_name(text_at(client, "name").empty() ? client_id : text_at(client, "name"));
  draft.description(text_at(client, "description"));
  draft.active(truth_of(client, "enabled", true));
  std::vector<std::string> scopes = texts_of(client, "defaultClientScopes");
  for (std::string& scope : texts_of(client, "optionalClientScopes")) scopes.push_back(std::move(scope));
  draft.scopes(scopes);
  if (truth_of(client, "standardFlowEnabled", false) || truth_of(client, "implicitFlowEnabled", false) ||
      truth_of(client, "directAccessGrantsEnabled", false))
    draft.note("its flows for people (standard, implicit, direct access) are not carried over");
  if (truth_of(client, "fullScopeAllowed", false))
    draft.note(
        "fullScopeAllowed is not carried over: an integration user has the scopes that it names, no others");
  const std::string authenticator = text_at(client, "clientAuthenticatorType");
  if (!authenticator.empty() && authenticator != "client-secret")
    draft.note(
        fmt::format("clientAuthenticatorType \"{}\" is not carried over: clients authenticate with their "
                    "secret",
                    authenticator));
  draft.not_carried_over(client, "", keycloak_without_counterpart());
  take_credentials(draft, client, place, client_id, wishes);
  return draft.done();
}

std::vector<Imported> import_realm(const Json& realm, const Place& place, const Wishes& wishes) {
  std::vector<Imported> all;
  const auto clients = realm.find("clients");
  if (clients == realm.end() || !clients->is_array()) return all;
  for (const Json& client : *clients)
    if (client.is_object()) all.push_back(import_client(client, place, wishes));
  return all;
}

}  // namespace

std::vector<Imported> import_keycloak(const Json& object, const Wishes& wishes) {
  const Json& metadata = object_of(object, "metadata");
  const Json& spec = object_of(object, "spec");
  Place place{text_at(object, "kind"), text_at(metadata, "namespace"), {}};
  if (place.ns.empty()) place.ns = wishes.default_namespace;
  if (place.kind == "KeycloakClient") {
    place.resource = text_at(metadata, "name");
    // keycloak.org has the representation under `client`; the newer group has it in spec itself.
    const Json& client = spec.contains("client") ? object_of(spec, "client") : spec;
    return {import_client(client, place, wishes)};
  }
  if (place.kind == "KeycloakRealmImport") return import_realm(object_of(spec, "realm"), place, wishes);
  place.kind = "client";
  if (object.contains("clients")) return import_realm(object, place, wishes);
  return {import_client(object, place, wishes)};
}

}  // namespace neoid::import
