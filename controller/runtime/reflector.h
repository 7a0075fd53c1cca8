// Reflector: keeps a sink in step with one selection of the API, by list and watch, for ever.
//
// Flow: list in pages to the sink -> watch from that version -> sink.apply(event)... A watch that ends is
// resumed from the last version seen (bookmarks move it on); 410 lists again, at once if a watch has served since the
// failure before; any other failure backs off with jitter.
// Guarantees: events arrive in the order of the API; between two lists nothing is missed. A watch that is silent
// for longer than `silence` is taken for dead (the server is asked for bookmarks, about one a minute).
// Assumptions: one thread runs it; the sink is called from that thread alone.
// Failure modes: while it fails, age() grows.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/kube/client.h"

namespace neoid::runtime {

// --- the protocol, pure ------------------------------------------------------------------------

struct Listing {};
struct Watching {
  std::string resource_version;
};
struct Waiting {
  Duration delay{0};
  std::string resource_version;  // watch from here after it; empty: list
};
using ReflectorState = std::variant<Listing, Watching, Waiting>;

struct Listed {
  std::string resource_version;
};
struct WatchEnded {
  std::string resource_version;  // the last one seen
  bool saw_events = false;
};
struct Failed {
  ErrorKind kind = ErrorKind::Internal;
  std::string reason;
  std::chrono::milliseconds retry_after{0};
  std::string resource_version;  // of the watch that failed; empty: the list failed
  bool saw_events = false;       // before it failed
};
struct Waited {};
using ReflectorInput = std::variant<Listed, WatchEnded, Failed, Waited>;

// `failures`: how many in a row before this one. Delays are without jitter.
ReflectorState next_state(const ReflectorState& state, const ReflectorInput& input, int failures);

// --- the driver ----------------------------------------------------------------------------------

class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  // A whole list, page by page, so that it is never in memory at once: begin, pages, end. A list that fails half way is
  // begun anew; what was there holds until the end.
  virtual void begin_replace() = 0;
  virtual void add_page(std::vector<Json> items) = 0;
  virtual void end_replace() = 0;
  virtual void apply(kube::WatchEventType type, Json object) = 0;
};

struct ReflectorOptions {
  kube::ResourceType type;
  kube::Selection selection;
  int page_size = 500;
  std::chrono::milliseconds silence = std::chrono::seconds(150);
  std::optional<Counter> lists;     // whole lists that were read
  std::optional<Counter> failures;  // lists and watches that failed
};

class Reflector {
 public:
  // Borrows all of them for its life.
  Reflector(const kube::Client& client, Clock& clock, ReflectorOptions options, ReflectorSink& sink);

  void run(std::stop_token stop);

  // Whether the sink was filled once.
  bool synced() const { return synced_.load(); }
  // Whether the API says that the resource type does not exist.
  bool type_absent() const { return type_absent_.load(); }
  // Since the last list, event or bookmark.
  Duration age() const;

 private:
  ReflectorInput list();
  ReflectorInput watch(const std::string& resource_version, std::stop_token stop);
  ReflectorInput failed(const Error& error, const std::string& resource_version, bool saw_events);
  void alive();

  const kube::Client& client_;
  Clock& clock_;
  const ReflectorOptions options_;
  ReflectorSink& sink_;
  std::atomic<bool> synced_{false};
  std::atomic<bool> type_absent_{false};
  std::atomic<std::int64_t> last_alive_us_;
};

}  // namespace neoid::runtime
