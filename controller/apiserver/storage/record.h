// One version of one object, as memory holds it: immutable but for the cache of its parsed tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "controller/apiserver/storage/object.h"

namespace neoid::storage {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct Record {
  ObjectKey key;
  Revision revision = 0;
  std::int64_t row = 0;              // SQLite's row; 0: not there (a deletion)
  std::int64_t expires_us = kNever;  // microseconds since 1970
  std::size_t digits_at = 0;         // where the digits of metadata.resourceVersion start in bytes
  std::string bytes;

  // The tree if somebody still holds it; guarded by a lock in object.cc.
  mutable std::weak_ptr<const Json> parsed;
};
using RecordPtr = std::shared_ptr<const Record>;

// Remembers the tree of a record that was just written, so that nobody needs to parse it.
void remember_value(const Record& record, const std::shared_ptr<const Json>& value);

}  // namespace neoid::storage
