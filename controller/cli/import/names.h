// Names of other projects made fit for ours. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace neoid::import {

// A name of a resource: RFC 1123, at most 63 characters. Empty: nothing of the text can be kept.
std::string resource_name(std::string_view text);

// A scope token as a Scope may be called: what the map says, else lower case with `.` for `:` and `/` and `-` for the
// rest ("read:users" -> "read.users"). Empty: nothing of it can be kept.
std::string scope_name(std::string_view token, const std::map<std::string, std::string>& scope_map);

// At most `most` characters of UTF-8, cut between two of them.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace neoid::import
