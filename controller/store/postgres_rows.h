// The differences of a batch as columns: what the unnest statements of postgres_transaction.cc take.
// Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/store/batch.h"

namespace neoid::store {

// All of them borrow from the changes.
struct UserColumns {
  std::vector<std::string_view> user_id, kind, client_id, standing, cluster, ns, name, uid, released_to,
      display_name, description, active, spec, digest;
  std::vector<std::int64_t> generation, updated_at;
  std::vector<std::optional<std::string_view>> predecessor, hold_reason;
  std::vector<std::optional<std::int64_t>> hold_since;
  void add(const RowChange& row);
  bool empty() const { return user_id.empty(); }
};

// (user, scope) or (user, tag) pairs.
struct NameColumns {
  std::vector<std::string_view> user_id, name;
  // What the sorted `a` has and the sorted `b` lacks.
  void add(const UserId& user, const std::vector<std::string>& a, const std::vector<std::string>& b);
  bool empty() const { return user_id.empty(); }
};

struct VersionColumns {
  std::vector<std::string_view> user_id, state, for_absent, rotation_request;
  std::vector<std::string> hash;
  std::vector<std::int64_t> number, issued_at;
  std::vector<std::optional<std::int64_t>> delivered_at, valid_until;
  void add(const UserId& user, const plan::StoredVersion& version);
  bool empty() const { return user_id.empty(); }
};

// What becomes of the credential versions of these rows, in the order in which it must be written: there is
// at most one current version at any time.
struct VersionWrites {
  VersionColumns removed;
  VersionColumns updated, inserted;                  // that are not current afterwards
  VersionColumns updated_current, inserted_current;  // that are
};
VersionWrites version_writes(std::span<const RowChange* const> rows);

}  // namespace neoid::store
