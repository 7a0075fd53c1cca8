// ory hydra-maester's OAuth2Client: keeps CLIENT_ID and CLIENT_SECRET in the Secret `spec.secretName`.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "controller/cli/import/foreign.h"

namespace neoid::import {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

bool wants_client_credentials(const Json& spec) {
  const std::vector<std::string> grants = texts_of(spec, "grantTypes");
  return std::find(grants.begin(), grants.end(), "client_credentials") != grants.end();
}

const std::vector<std::pair<std::string, std::string>>& hydra_without_counterpart() {
  static const std::vector<std::pair<std::string, std::string>> kMembers = {
      {"redirectUris", "an integration user signs nobody in"},
      {"postLogoutRedirectUris", "an integration user signs nobody in"},
      {"responseTypes", "an integration user signs nobody in"},
      {"allowedCorsOrigins", "tokens are not fetched from browsers"},
      {"frontChannelLogoutURI", "an integration user signs nobody in"},
      {"backChannelLogoutURI", "an integration user signs nobody in"},
      {"skipConsent", "an integration user asks nobody"},
      {"audience",
       "the audience of tokens is set at the token service (--audience), or asked for with `resource`"},
      {"tokenLifespans", "the lifetime of tokens is set at the token service (--token-lifetime)"},
      {"jwksUri", "clients authenticate with their secret"},
      {"metadata", "use labels, annotations or spec.tags"},
      {"hydraAdmin", "there is one identity store"},
  };
  return kMembers;
}

}  // namespace

Imported import_hydra(const Json& object, const Wishes& wishes) {
  const Json& metadata = object_of(object, "metadata");
  const Json& spec = object_of(object, "spec");
  const std::string ns = text_at(metadata, "namespace");
  const std::string name = text_at(metadata, "name");
  Draft draft(wishes, fmt::format("OAuth2Client {}/{}", ns.empty() ? wishes.default_namespace : ns, name));
  if (!wants_client_credentials(spec))
    return draft.refuse(
        "it does not ask for the grant client_credentials: it signs people in, and is no integration user");
  draft.name(ns, name);
  draft.display_name(text_at(spec, "clientName").empty() ? name : text_at(spec, "clientName"));
  std::vector<std::string> scopes = texts_of(spec, "scopeArray");
  if (scopes.empty()) scopes = words(text_at(spec, "scope"));
  draft.scopes(scopes);
  for (const std::string& grant : texts_of(spec, "grantTypes")) {
    if (grant != "client_credentials")
      draft.note(fmt::format("the grant \"{}\" is not carried over: it signs people in", grant));
  }
  const std::string method = text_at(spec, "tokenEndpointAuthMethod");
  if (!method.empty() && method != "client_secret_basic" && method != "client_secret_post")
    draft.note(
        fmt::format("tokenEndpointAuthMethod \"{}\" is not carried over: clients authenticate with their "
                    "secret, by client_secret_basic or client_secret_post",
                    method));
  draft.not_carried_over(spec, "spec.", hydra_without_counterpart());
  if (const std::string secret = text_at(spec, "secretName"); !secret.empty())
    draft.secret(secret, "CLIENT_ID", "CLIENT_SECRET");
  return draft.done();
}

}  // namespace neoid::import
