// Values as YAML for people: block style, sorted keys, two blanks a level, strings quoted only where
// Kubernetes' reader (or a YAML 1.2 one) would take them for something else. Pure and thread-safe.
//
// Guarantee: parse_yaml(to_yaml(v)) == v for every value of strings, booleans, null, int64, finite doubles,
// and objects and arrays of them.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/value/json.h"

namespace neoid {

// One document without `---`, with a newline at its end.
std::string to_yaml(const Json& value);
// One string as a YAML scalar on one line, quoted if it must be.
std::string yaml_scalar(std::string_view text);

}  // namespace neoid
