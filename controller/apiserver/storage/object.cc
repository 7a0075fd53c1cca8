#include "controller/apiserver/storage/object.h"

#include <array>
#include <functional>

#include "controller/apiserver/storage/record.h"
#include "controller/base/mutex.h"
#include "reconcile/base/check.h"

namespace neoid::storage {
namespace {

// A lock a record would be as large as the record: a few are shared by all.
Mutex& lock_of(const Record& record) {
  static std::array<Mutex, 32> locks;
  return locks[(std::hash<const Record*>{}(&record) >> 5U) % locks.size()];
}

}  // namespace

void remember_value(const Record& record, const std::shared_ptr<const Json>& value) {
  MutexLock lock(lock_of(record));
  record.parsed = value;
}

StoredObject::StoredObject(std::shared_ptr<const Record> record, std::shared_ptr<const Json> value)
    : record_(std::move(record)), value_(std::move(value)) {}

const ObjectKey& StoredObject::key() const { return record_->key; }
Revision StoredObject::revision() const { return record_->revision; }
const std::string& StoredObject::bytes() const { return record_->bytes; }

std::shared_ptr<const std::string> StoredObject::shared_bytes() const { return {record_, &record_->bytes}; }

std::optional<Instant> StoredObject::expires() const {
  if (record_->expires_us == kNever) return std::nullopt;
  return Instant(Duration(record_->expires_us));
}

std::shared_ptr<const Json> StoredObject::value() const {
  if (value_) return value_;
  {
    MutexLock lock(lock_of(*record_));
    if (auto value = record_->parsed.lock()) return value;
  }
  auto value = std::make_shared<const Json>(Json::parse(record_->bytes, nullptr, false));
  NEOID_CHECK(value->is_object());  // our own text, checked when it was read from the file
  remember_value(*record_, value);
  return value;
}

}  // namespace neoid::storage
