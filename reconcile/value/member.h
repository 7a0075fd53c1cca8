// Members of objects that may not be there, or not be of the type that one looks for. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/value/json.h"

namespace neoid {

// The member of that name; null where there is none, or where `object` is no object.
const Json& member_at(const Json& object, std::string_view name);
// The same, as text; "" where it is none.
std::string text_at(const Json& object, std::string_view name);

}  // namespace neoid
