// Whether a pattern is one of Go's regexp package, and if not, why, in its words.
#pragma once

#include <string>
#include <string_view>

namespace neoid::schema {

// "error parsing regexp: missing closing ]: `[`"; empty for a good pattern.
std::string go_regexp_error(std::string_view pattern);

}  // namespace neoid::schema
