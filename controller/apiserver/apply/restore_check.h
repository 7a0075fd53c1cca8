// Whether a value can become an object of its Go type again, in the words of the converter that tries it.
#pragma once

#include <string>

#include "controller/apiserver/apply/type_info.h"

namespace neoid::apply {

// Empty: it can. Looks at members in the order of their names. Source: k8s.io/apimachinery/pkg/runtime/converter.go.
std::string check_restorable(const Json& value, const Type& type);

}  // namespace neoid::apply
