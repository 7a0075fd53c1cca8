// Client: the Kubernetes API as typed calls over one Transport. Has never heard of our kinds.
//
// Errors by kind (from Status and from the transport):
//   NotFound     404
//   Conflict     409, reason "AlreadyExists" or "Conflict"; 410, reason "Expired" (or "Gone")
//   Invalid      400, 405, 406, 413, 415, 422 and other 4xx
//   Denied       401 and 403; where details.causes names a reason, that is the reason ("NamespaceTerminating")
//   Unavailable  429 and 503 with retry_after; and no connection. Nothing was done.
//   Timeout      sent, but no answer, or 502, 504 or reason "ServerTimeout": it may or may not have been done
//   Internal     other 5xx (it may or may not have been done), and answers that make no sense
// Messages are the server's own.
//
// Every call writes at most one request and never repeats it, whatever the answer: a create is sent at most once.
// Whoever wants it again asks again. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "reconcile/base/ids.h"
#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::kube {

class Transport;  // transport.h

struct ResourceType {
  std::string group;  // empty: the core group
  std::string version;
  std::string plural;
  bool namespaced = true;
  bool operator==(const ResourceType&) const = default;
};

struct ObjectName {
  std::string ns;  // empty for cluster-scoped types
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
  bool operator==(const ObjectName&) const = default;
};

struct Selection {
  std::string ns;  // empty: every namespace
  std::string label_selector;
  std::string field_selector;
  bool metadata_only = false;  // PartialObjectMetadata
};

struct ListPage {
  std::vector<Json>
      items;  // with apiVersion and kind as the server sent them, which for lists may be without
  std::string resource_version;
  std::string continue_token;  // empty: the last page
};

enum class PatchType { Json, Merge, Apply };

struct WriteOptions {
  std::string subresource;  // "status", or empty
  std::string field_manager = "neoid";
  bool force = false;  // Apply only
  std::string
      field_validation;  // "Strict": fields that the kind does not have are an error; empty: the server's default
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

struct DeleteOptions {
  std::optional<Uid> uid;  // preconditions
  std::optional<ResourceVersion> resource_version;
  std::string propagation_policy;  // empty: the server's default
};

enum class WatchEventType { Added, Modified, Deleted, Bookmark, Error };
struct WatchEvent {
  WatchEventType type = WatchEventType::Error;
  Json object;
};

class Client {
 public:
  explicit Client(std::shared_ptr<Transport> transport);

  Result<Json> get(const ResourceType& type, const ObjectName& name,
                   std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
  // One page. `limit` 0: all at once.
  Result<ListPage> list(const ResourceType& type, const Selection& selection, int limit = 0,
                        const std::string& continue_token = {}) const;
  Result<Json> create(const ResourceType& type, const std::string& ns, const Json& object,
                      const WriteOptions& options = {}) const;
  Result<Json> update(const ResourceType& type, const ObjectName& name, const Json& object,
                      const WriteOptions& options = {}) const;
  Result<Json> patch(const ResourceType& type, const ObjectName& name, PatchType kind, const Json& body,
                     const WriteOptions& options = {}) const;
  Result<void> remove(const ResourceType& type, const ObjectName& name,
                      const DeleteOptions& options = {}) const;
  // GET of any path, with its query: "/version", "/readyz".
  Result<std::string> raw(const std::string& path) const;

  // Streams events from `resource_version` on until the server ends it (a value), `on_event` returns false (a value),
  // or it fails. Bookmarks are asked for. An ERROR event ends it as the error that it tells (Conflict, "Expired") and
  // does not reach `on_event`. `silence`: the longest time without a byte, then Timeout; 0: no limit.
  Result<void> watch(const ResourceType& type, const Selection& selection,
                     const std::string& resource_version, std::chrono::seconds server_timeout,
                     std::chrono::milliseconds silence, const std::function<bool(WatchEvent)>& on_event,
                     std::stop_token stop) const;

 private:
  std::shared_ptr<Transport> transport_;
};

}  // namespace neoid::kube
