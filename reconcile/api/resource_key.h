// Which resource: the key that queues, caches and the store's ownership use.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace neoid::api {

inline constexpr std::string_view kGroup = "identity.neostella.com";
inline constexpr std::string_view kVersion = "v1";
inline constexpr std::string_view kApiVersion = "identity.neostella.com/v1";

enum class Kind { IntegrationUser, SystemIntegrationUser, Scope };

std::string_view to_string(Kind kind);  // "IntegrationUser"
std::string_view plural(Kind kind);     // "integrationusers"
std::optional<Kind> parse_kind(std::string_view text);

struct ResourceKey {
  Kind kind = Kind::IntegrationUser;
  std::string ns;  // empty for cluster-scoped kinds
  std::string name;

  auto operator<=>(const ResourceKey&) const = default;
  bool operator==(const ResourceKey&) const = default;
  // "IntegrationUser apps/billing", "Scope documents".
  std::string text() const;
  friend std::ostream& operator<<(std::ostream& out, const ResourceKey& key) { return out << key.text(); }
};

}  // namespace neoid::api

template <>
struct std::hash<neoid::api::ResourceKey> {
  std::size_t operator()(const neoid::api::ResourceKey& key) const noexcept {
    const std::hash<std::string> text;
    return (text(key.name) * 31 + text(key.ns)) * 31 + static_cast<std::size_t>(key.kind);
  }
};
