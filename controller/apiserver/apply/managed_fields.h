// metadata.managedFields: who wrote which field, kept through creates, updates and patches.
//
// Flow: compare live with updated (both typed); what changed or came belongs to the writer alone, what went
// belongs to nobody; the writer's entry is the one of his manager, operation, apiVersion and subresource.
// Guarantees: an update that takes no field touches no entry and no time; at most 10 entries of updates,
// older ones become "ancient-changes"; entries are sorted as a real server does. The caller compares before
// his own strategy sets generation, status and the like, as a real server does: `updated` is the client's
// object with defaults. Objects that do not fit their types pass through with the live entries. Pure. Source:
// k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager (1.26).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/apiserver/apply/field_set.h"
#include "controller/apiserver/apply/type_info.h"
#include "reconcile/base/time.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::apply {

struct Writer {
  std::string manager;      // field_manager()
  std::string api_version;  // of the request: "golden.example.com/v1"
  std::string subresource = {};
  Instant now = {};
  FieldSet reset_fields = {};  // what this endpoint does not write: reset_fields()
};

// `live` is an empty object for a create. The result is `updated` with its new managedFields (none: no
// member). An update that sets managedFields itself keeps what it says; `[{}]` clears them.
Json manage_update(const Json& live, Json updated, const Writer& writer, const VersionedTypes& types);

// Times of managedFields are taken from live where nothing but they differs: a write that changes nothing
// then stays one. To be called on what is about to be stored.
Json keep_times_of_noop(const Json& live, Json updated);

// A custom resource's: its main endpoint leaves status alone (where there is the subresource), /status leaves
// spec alone (metadata too, but what a client sends of it there is recorded as his all the same).
FieldSet main_reset_fields(bool has_status_subresource);
FieldSet status_reset_fields();

// The manager of a write: the option, else the User-Agent up to its first '/'.
std::string field_manager(std::string_view option, std::string_view user_agent);
// What is wrong with the option fieldManager of CreateOptions, UpdateOptions, PatchOptions.
std::vector<FieldError> check_field_manager(std::string_view option);

// --- what server-side apply shares ---
struct ManagedEntry {
  FieldSet fields;
  std::string api_version;
  bool applied = false;
};
// Entries by manager identity (the compact JSON of manager, operation, apiVersion, subresource).
struct Managed {
  std::map<std::string, ManagedEntry> entries;
  std::map<std::string, std::string> times;  // identity -> RFC 3339
};
std::optional<Managed> decode_managed(const Json& managed_fields);  // nullopt: not readable
Json encode_managed(const Managed& managed);                        // sorted
std::string manager_identity(std::string_view manager, std::string_view operation,
                             std::string_view api_version, std::string_view subresource);
std::string print_manager(std::string_view identity);  // "carol" using golden.example.com/v1
Json& set_managed(Json& object, const Managed& managed);

}  // namespace neoid::apply
