// How Go prints values that a server quotes in its messages.
#pragma once

#include <string>

#include "reconcile/value/json.h"

namespace neoid::apply {

std::string go_print(const Json& value);   // %v: map[a:1 b:[x y]], <nil>
std::string go_syntax(const Json& value);  // %#v: "x", 8080, true, map[string]interface {}{"a":1}
std::string go_type(const Json& value);    // %T: string, int64, map[string]interface {}
std::string go_kind(const Json& value);    // as encoding/json names it: array, object, string, number, bool
// The text without the place that our readers add at its end: " (at line 7, column 3)".
std::string without_place(std::string message);

}  // namespace neoid::apply
