#include "reconcile/plan/identity.h"

#include <string_view>

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

namespace {

// "<bytes>:<text>", so that no two contents have one text.
void add_field(std::string& text, std::string_view field) {
  text += std::to_string(field.size());
  text += ':';
  text += field;
}

void add_list(std::string& text, const std::vector<std::string>& items) {
  text += std::to_string(items.size());
  text += '[';
  for (const std::string& item : items) add_field(text, item);
}

}  // namespace

// Every row is digested at each look at it: so no tree of values, only one text.
std::string digest(const StoredIdentity& identity) {
  std::string text = identity.kind == UserKind::System ? "system" : "custom";
  text += identity.config.active ? " active" : " inactive";
  add_field(text, identity.client_id.value);
  add_field(text, identity.owner.cluster.value);
  add_field(text, identity.owner.resource.ns);
  add_field(text, identity.owner.resource.name);
  add_field(text, identity.owner.uid.value);
  add_field(text, identity.config.display_name);
  add_field(text, identity.config.description);
  add_list(text, identity.config.scopes);
  add_list(text, identity.config.tags);
  add_field(text, identity.config.spec);
  if (identity.hold) {
    text += std::to_string(identity.hold->since.time_since_epoch().count());
    add_field(text, identity.hold->reason);
  }
  return hex(sha256(text));
}

}  // namespace neoid::plan
