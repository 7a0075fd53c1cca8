// What the storage keeps: one object under one key, at one revision. Values, safe to share between threads.
//
// StoredObject is a handle of two pointers: copying it copies no bytes. The bytes (JSON as it goes over the
// wire, keys sorted, no white space) are shared by everybody; the parsed tree is made when somebody asks and
// shared for as long as somebody holds it, so that ten thousand idle objects cost their bytes and nothing
// else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/time.h"
#include "reconcile/value/json.h"

namespace neoid::storage {

// One counter for all resources: grows with each write, never repeats, survives restarts.
// metadata.resourceVersion is its decimal text. 0 means "none" or "now", as each argument says.
using Revision = std::int64_t;

// The order of every list, which is that of a real server's keys "namespace/name": what stands in `a-b` comes
// before what stands in `a`.
inline bool is_before(std::string_view ns_a, std::string_view name_a, std::string_view ns_b,
                      std::string_view name_b) {
  if (ns_a == ns_b) return name_a < name_b;
  if (ns_a.empty() || ns_b.empty()) return ns_a.empty();
  const std::size_t common = std::min(ns_a.size(), ns_b.size());
  if (const int order = ns_a.substr(0, common).compare(ns_b.substr(0, common)); order != 0) return order < 0;
  return ns_a.size() < ns_b.size() ? '/' < ns_b[common] : ns_a[common] < '/';
}

struct ObjectKey {
  std::string resource;  // "secrets", "widgets.example.com": plural and group
  std::string ns;        // empty: cluster-scoped
  std::string name;

  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
  // By resource, then as is_before() says.
  friend bool operator<(const ObjectKey& a, const ObjectKey& b) {
    return a.resource == b.resource ? is_before(a.ns, a.name, b.ns, b.name) : a.resource < b.resource;
  }
};

struct Record;  // record.h; private to this folder

class StoredObject {
 public:
  StoredObject() = default;  // empty: only to be assigned to
  explicit StoredObject(std::shared_ptr<const Record> record, std::shared_ptr<const Json> value = nullptr);

  const ObjectKey& key() const;
  Revision revision() const;
  // Never null; metadata.resourceVersion is set. Parsed on demand: hold on to it for as long as it is needed.
  std::shared_ptr<const Json> value() const;
  // The same as text; lives as long as any handle of this version of the object.
  const std::string& bytes() const;
  std::shared_ptr<const std::string> shared_bytes() const;
  std::optional<Instant> expires() const;
  explicit operator bool() const { return record_ != nullptr; }

 private:
  friend class ApiStorage;
  friend class Engine;
  std::shared_ptr<const Record> record_;
  std::shared_ptr<const Json> value_;
};

struct Event {
  enum class Type { Added, Modified, Deleted };
  Type type = Type::Added;
  // Deleted: the last state, with the revision of the deletion as its own.
  StoredObject object;
  // The state before: of Modified and Deleted. A filtered watch needs it to tell what left the filter.
  std::optional<StoredObject> previous;
};

}  // namespace neoid::storage
