// Who a pod is to the API server.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace neoid::kube {

// "system:serviceaccount:NAMESPACE:NAME" of a service account's token (a JWT; only read, not verified); nothing for
// what is none. Source: Kubernetes page "Managing Service Accounts", bound tokens.
std::optional<std::string> service_account_user(std::string_view token);

}  // namespace neoid::kube
