// Json: the one tree of values that resources, schemas and requests are made of.
//
// Objects keep their keys sorted, as Kubernetes' own encoder writes them. Integers are int64 (or uint64
// beyond it), everything with a point or an exponent is a double, as in Kubernetes.
#pragma once

#include <nlohmann/json.hpp>

namespace neoid {
using Json = nlohmann::json;
}  // namespace neoid
