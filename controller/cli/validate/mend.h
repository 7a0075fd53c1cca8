// How to mend what an API server only complains of: "did you mean", and what a field is for, from the schema. Pure.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/schema/structural.h"
#include "reconcile/value/field_error.h"

namespace neoid::validate {

// The schema of "spec.scopes[0].name"; null where there is none.
const schema::Structural* schema_at(const schema::Structural& root, std::string_view field);

// For a field that the schema does not have: `did you mean "displayName"?`, else the fields that there are.
std::string mend_unknown(const schema::Structural& root, std::string_view field);
// For a value that is refused; may be empty.
std::string mend(const schema::Structural& root, const FieldError& error);

// The stable word for the kind of an error: "required", "not-supported".
std::string_view rule_of(FieldErrorType type);

}  // namespace neoid::validate
