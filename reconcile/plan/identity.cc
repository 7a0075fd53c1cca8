#include "reconcile/plan/identity.h"

#include "reconcile/value/json.h"

namespace neoid::plan {

const StoredVersion* StoredIdentity::version(VersionNumber number) const {
  for (const StoredVersion& candidate : versions) {
    if (candidate.number == number) return &candidate;
  }
  return nullptr;
}

const StoredVersion* StoredIdentity::current() const {
  for (const StoredVersion& candidate : versions) {
    if (candidate.current()) return &candidate;
  }
  return nullptr;
}

std::string digest(const StoredIdentity& identity) {
  Json content = {{"kind", identity.kind == UserKind::System ? "system" : "custom"},
                  {"clientID", identity.client_id.value},
                  {"cluster", identity.owner.cluster.value},
                  {"resource", identity.owner.resource.text()},
                  {"uid", identity.owner.uid.value},
                  {"displayName", identity.config.display_name},
                  {"description", identity.config.description},
                  {"active", identity.config.active},
                  {"scopes", identity.config.scopes},
                  {"tags", identity.config.tags},
                  {"spec", identity.config.spec}};
  if (identity.hold) {
    content["hold"] = {{"reason", identity.hold->reason}, {"since", format_micro_time(identity.hold->since)}};
  }
  return hex(sha256(content.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

}  // namespace neoid::plan
