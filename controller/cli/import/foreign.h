// One object of another project -> integration users, and what of it has no counterpart here.
//
// Nothing secret is carried over: client IDs and secrets stay in the Secret that holds them (`source: Reference`), and a
// secret that stands in the object itself is told, without its value. Pure; members of a wrong type count as missing.
// Source: hydra-maester's OAuth2Client (hydra.ory.sh/v1alpha1); Keycloak's client representation, as in its realm
// exports, KeycloakClient (keycloak.org/v1alpha1) and KeycloakRealmImport (k8s.keycloak.org/v2alpha1 and later);
// Strimzi's KafkaUser (kafka.strimzi.io).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/member.h"

#include "reconcile/value/json.h"

namespace neoid::import {

enum class Credentials {
  Keep,  // `source: Reference` to the Secret that the other project made
  New,   // neoid makes new ones
};

struct Wishes {
  Credentials credentials = Credentials::Keep;
  std::map<std::string, std::string> scope_map;  // their scope -> ours; to an empty name: leave it out
  std::string default_namespace = "default";
};

struct Imported {
  Json resource;                   // an IntegrationUser; null: this client cannot be one
  std::string origin;              // "OAuth2Client apps/billing"
  std::vector<std::string> notes;  // what is not carried over, and what a person must do; sentences
};

// Nothing: the object is of no kind that is known here.
std::optional<std::vector<Imported>> import_object(const Json& object, const Wishes& wishes);

// --- what the sources share ----------------------------------------------------------------------

// Puts one integration user together; each call tells what it had to change.
class Draft {
 public:
  Draft(const Wishes& wishes, std::string origin) : wishes_(wishes) { imported_.origin = std::move(origin); }

  void name(std::string_view ns, std::string_view name);
  void display_name(std::string_view text);
  void description(std::string_view text);
  void scopes(const std::vector<std::string>& tokens);
  void active(bool active);
  // The Secret that the other project keeps, and its keys.
  void secret(std::string_view name, std::string_view client_id_key, std::string_view client_secret_key);
  void note(std::string text);
  // A note for each of these members that the object has: `why` ends the sentence "PREFIX.MEMBER is not carried over: ".
  void not_carried_over(const Json& object, std::string_view prefix,
                        const std::vector<std::pair<std::string, std::string>>& members);
  // This client cannot be an integration user.
  Imported refuse(std::string why);
  Imported done();

 private:
  const Wishes& wishes_;
  Imported imported_;
  std::string namespace_;
  std::string name_;
  Json spec_ = Json::object();
};

// A member that is an object, else an empty one.
const Json& object_of(const Json& object, std::string_view member);
// The texts of an array.
std::vector<std::string> texts_of(const Json& object, std::string_view member);

Imported import_hydra(const Json& object, const Wishes& wishes);
std::vector<Imported> import_keycloak(const Json& object, const Wishes& wishes);
Imported import_strimzi(const Json& object, const Wishes& wishes);

}  // namespace neoid::import
