// "Did you mean": the one candidate that a typing error away could stand for. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace neoid::policy {

// The nearest candidate by edits (insert, remove, replace, swap neighbours; letter case counts for nothing), if at most
// a third of the word is edited. The first of equally near ones. Words over 64 bytes are not compared.
std::optional<std::string> most_similar(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace neoid::policy
