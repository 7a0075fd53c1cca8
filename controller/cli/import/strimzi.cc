// Strimzi's KafkaUser: a SCRAM password in a Secret of the user's own name, and ACLs in place of scopes.
#include <fmt/format.h>

#include <set>

#include "controller/cli/import/foreign.h"

namespace neoid::import {
namespace {

// An ACL as a scope token: "topic:orders:read". Whoever imports maps it to a scope that exists.
std::vector<std::string> acl_tokens(const Json& spec) {
  std::set<std::string> tokens;
  const auto acls = object_of(spec, "authorization").find("acls");
  if (acls == object_of(spec, "authorization").end() || !acls->is_array()) return {};
  for (const Json& acl : *acls) {
    if (!acl.is_object() || text_at(acl, "type") == "deny") continue;
    const Json& resource = object_of(acl, "resource");
    std::string name = text_at(resource, "name");
    if (name.empty() || name == "*") name = "all";
    std::vector<std::string> operations = texts_of(acl, "operations");
    if (operations.empty()) operations = {text_at(acl, "operation")};
    for (const std::string& operation : operations)
      tokens.insert(fmt::format("{}:{}:{}", text_at(resource, "type"), name, operation));
  }
  return {tokens.begin(), tokens.end()};
}

bool denies_something(const Json& spec) {
  const auto acls = object_of(spec, "authorization").find("acls");
  if (acls == object_of(spec, "authorization").end() || !acls->is_array()) return false;
  for (const Json& acl : *acls)
    if (acl.is_object() && text_at(acl, "type") == "deny") return true;
  return false;
}

}  // namespace

Imported import_strimzi(const Json& object, const Wishes& wishes) {
  const Json& metadata = object_of(object, "metadata");
  const Json& spec = object_of(object, "spec");
  const std::string ns = text_at(metadata, "namespace");
  const std::string name = text_at(metadata, "name");
  Draft draft(wishes, fmt::format("KafkaUser {}/{}", ns.empty() ? wishes.default_namespace : ns, name));
  draft.name(ns, name);
  draft.display_name(name);
  draft.scopes(acl_tokens(spec));
  if (denies_something(spec))
    draft.note(
        "its deny rules are not carried over: an integration user has the scopes that it names, no others");
  draft.not_carried_over(spec, "spec.",
                         {{"quotas", "the token service limits requests, not traffic"},
                          {"template", "labels and annotations of others on a Secret stay"}});
  const Json& authentication = object_of(spec, "authentication");
  const std::string type = text_at(authentication, "type");
  if (type == "scram-sha-512") {
    draft.secret(name, "client_id", "password");
    draft.note(
        "that Secret holds no client ID: the integration user gets one of its own (status.clientID), and the "
        "key "
        "client_id may be added");
    if (authentication.contains("password"))
      draft.note("spec.authentication.password is not carried over: the Secret of the user is referenced");
  } else {
    draft.note(fmt::format("authentication \"{}\" is not carried over: new OAuth credentials will be made",
                           type.empty() ? "none" : type));
  }
  return draft.done();
}

}  // namespace neoid::import
