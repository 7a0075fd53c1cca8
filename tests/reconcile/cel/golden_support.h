// The recorded cases and the schemas they are under, as far as this folder needs schemas at all.
#pragma once

#include <string>
#include <vector>

#include "reconcile/cel/decl_type.h"
#include "reconcile/value/json.h"

namespace neoid::cel::testing {

// tests/golden/cel/cases.json.
const Json& golden();

// What reconcile/schema makes of the recorded schemas, in short.
DeclTypePtr type_of_schema(const Json& schema);

// Whether a recorded value is one that its schema refuses, so that no rule runs on it.
bool breaks_schema(const Json& value_case);

// The part of a compiler's message that is compared: as tests/golden/cel's recorder does it.
std::string digest(const std::string& message);

}  // namespace neoid::cel::testing
