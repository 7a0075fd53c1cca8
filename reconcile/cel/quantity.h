// Kubernetes quantities: "1.5Gi", "100m", "2e3". Exact to a billionth.
#pragma once

#include <optional>
#include <string_view>

namespace neoid::cel {

__extension__ typedef __int128 Int128;

struct QuantityNode {
  Int128 nano = 0;  // billionths
};

// nullopt for what is no quantity. What is smaller than a billionth is rounded away from zero, as there.
std::optional<QuantityNode> parse_quantity(std::string_view text);

}  // namespace neoid::cel
