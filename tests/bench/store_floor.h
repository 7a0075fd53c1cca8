// What the same machine gives with bare SQL: the row writes of a converged user by hand, one transaction a batch.
//
// The rows are those that commit() writes, column by column: the user's, its grants and credential versions, the
// entry in the trail with its hash in the chain, the head. What the floor leaves out is everything that is no row
// write: the fence, reading and judging the rows, making their digests and texts (they are handed in ready).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "controller/store/activity.h"
#include "reconcile/plan/identity.h"
#include "tests/controller/store/store_support.h"

namespace neoid::store {

struct FloorRow {
  plan::StoredIdentity identity;  // as it is to be
  std::string digest;
  ActivityRecord entry;  // all but its number
};

class Floor {
 public:
  virtual ~Floor() = default;
  // A text of these users changed. What the database said against it, or "".
  virtual std::string update(std::span<FloorRow> rows) = 0;
  enum class Trail { Written, LeftOut };
  virtual std::string create(std::span<FloorRow> rows, Trail trail) = 0;
  // A statement of somebody else's session.
  virtual std::string outside(const std::string& sql) = 0;
};

std::unique_ptr<Floor> make_floor(Form form, const std::string& url);

}  // namespace neoid::store
