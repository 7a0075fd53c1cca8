// Server-side apply: one manager's wish merged into the live object, with owners for every field.
//
// Flow: check the configuration against the type; merge it over live; remove what this manager applied last
// time and no longer wants and nobody else owns; find the fields that others own and that would change.
// Guarantees: conflicts are told all at once and change nothing; `force` takes them over; a second run of the
// same configuration returns changed=false and times untouched; two managers that apply the same value share
// it. Assumptions: `live` is the stored object in the request's version (an empty object with apiVersion and
// kind where there is none: the apply creates). The caller prunes, defaults, validates and stores what comes
// back, and calls keep_times_of_noop() before it stores. Failure modes: Refusal with the real server's code,
// reason, message and causes. Pure. Source: sigs.k8s.io/structured-merge-diff/v4/merge; k8s.io/apiserver
// (1.26).
#pragma once

#include <string_view>

#include "controller/apiserver/apply/managed_fields.h"
#include "controller/apiserver/apply/refusal.h"

namespace neoid::apply {

enum class Force { No, Yes };

struct Applied {
  Json object;           // with managedFields; where nothing changed: live
  bool changed = false;  // false: only owners may have changed
};

// `configuration` as sent (see read_apply_configuration). `kind` is the resource's: another one in the
// configuration is refused. writer.api_version must be a key of `types`.
Outcome<Applied> apply(const Json& live, const Json& configuration, std::string_view kind,
                       const Writer& writer, Force force, const VersionedTypes& types);

// The body of an apply patch: one YAML or JSON object.
Outcome<Json> read_apply_configuration(std::string_view body);

}  // namespace neoid::apply
