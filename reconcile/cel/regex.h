// Patterns of rules: RE2, the same language and the same limits of time as Go's. Constant ones are compiled once.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "reconcile/cel/value.h"
#include "tl/expected.hpp"

namespace re2 {
class RE2;
}

namespace neoid::cel {

// "error parsing regexp: missing closing ): `(`" as Go words it.
tl::expected<std::shared_ptr<const re2::RE2>, std::string> compile_pattern(std::string_view pattern);

Value matches(const re2::RE2& pattern, std::string_view text);
Value find(const re2::RE2& pattern, std::string_view text);
// At most `limit` of them; all if it is negative.
Value find_all(const re2::RE2& pattern, std::string_view text, std::int64_t limit, Arena& arena);

}  // namespace neoid::cel
