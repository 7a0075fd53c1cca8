// Strong types for what is otherwise "just a string" or "just a number", so that none is passed for another.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace neoid {

template <class Tag>
struct StringId {
  std::string value;

  StringId() = default;
  explicit StringId(std::string text) : value(std::move(text)) {}
  bool empty() const { return value.empty(); }
  auto operator<=>(const StringId&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const StringId& id) { return out << id.value; }
};

using Uid = StringId<struct UidTag>;                          // metadata.uid of a Kubernetes object
using ResourceVersion = StringId<struct ResourceVersionTag>;  // opaque; compared for equality only
using UserId = StringId<struct UserIdTag>;                    // lower-case UUID of a user in the store
using ClientId = StringId<struct ClientIdTag>;                // OAuth client_id
using ClusterId = StringId<struct ClusterIdTag>;              // UID of the namespace kube-system
using Fingerprint = StringId<struct FingerprintTag>;          // keyed hash of a client secret, for people

// metadata.generation; grows with each change of the spec.
using Generation = std::int64_t;
// Number of a credential version: epoch * 2^20 + counter, below 2^53. 0: none.
using VersionNumber = std::int64_t;
// Number of a writer's term; grows with each change of leadership.
using Epoch = std::int64_t;

}  // namespace neoid

template <class Tag>
struct std::hash<neoid::StringId<Tag>> {
  std::size_t operator()(const neoid::StringId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};
