#include "controller/runtime/reflector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/base/backoff.h"
#include "controller/base/log.h"
#include "controller/base/random.h"

namespace neoid::runtime {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstDelay = 200ms;
constexpr Duration kLongestDelay = 30s;
// A type that is not there yet is asked for more often: somebody is about to install its CRD.
constexpr Duration kLongestDelayForType = 1s;

std::int64_t micros(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

std::string version_of(const Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return {};
  const auto version = metadata->find("resourceVersion");
  return version != metadata->end() && version->is_string() ? version->get<std::string>() : std::string();
}

}  // namespace

ReflectorState next_state(const ReflectorState& state, const ReflectorInput& input, int failures) {
  if (const auto* listed = std::get_if<Listed>(&input)) return Watching{listed->resource_version};
  if (const auto* ended = std::get_if<WatchEnded>(&input)) {
    // A server that ends watches as soon as they are opened must not be asked in a busy loop.
    if (ended->saw_events) return Watching{ended->resource_version};
    return Waiting{kFirstDelay, ended->resource_version};
  }
  if (const auto* failed = std::get_if<Failed>(&input)) {
    const bool expired = failed->reason == "Expired";
    // An expiry is nothing out of the common; one after the other, each upon a fresh list, is a server in trouble.
    if (expired && failures == 0) return Listing{};
    const bool no_type = failed->kind == ErrorKind::NotFound;
    const Duration delay = std::max<Duration>(
        backoff(failures, kFirstDelay, no_type ? kLongestDelayForType : kLongestDelay), failed->retry_after);
    return Waiting{delay, no_type || expired ? std::string() : failed->resource_version};
  }
  const auto* waiting = std::get_if<Waiting>(&state);
  if (waiting == nullptr || waiting->resource_version.empty()) return Listing{};
  return Watching{waiting->resource_version};
}

Reflector::Reflector(const kube::Client& client, Clock& clock, ReflectorOptions options, ReflectorSink& sink)
    : client_(client),
      clock_(clock),
      options_(std::move(options)),
      sink_(sink),
      last_alive_us_(micros(clock.steady_now())) {}

void Reflector::run(std::stop_token stop) {
  ReflectorState state = Listing{};
  int failures = 0;
  bool expired = false;  // the last failure was that
  while (!stop.stop_requested()) {
    ReflectorInput input = Waited{};
    if (std::holds_alternative<Listing>(state)) {
      input = list();
    } else if (const auto* watching = std::get_if<Watching>(&state)) {
      input = watch(watching->resource_version, stop);
    } else {
      const Duration delay = std::get<Waiting>(state).delay;
      if (!clock_.sleep_for(jitter(delay, 0.2), stop)) return;
    }
    const auto* const failed = std::get_if<Failed>(&input);
    if (failed != nullptr && failed->saw_events) failures = 0;
    state = next_state(state, input, failures);
    if (std::holds_alternative<Listed>(input) && options_.lists) Counter(*options_.lists).add();
    if (failed != nullptr && options_.failures) Counter(*options_.failures).add();
    if (failed != nullptr) {
      ++failures;
      expired = failed->reason == "Expired";
    } else if (std::holds_alternative<WatchEnded>(input) ||
               (std::holds_alternative<Listed>(input) && !expired)) {
      failures = 0;  // the list after an expiry is no success before a watch has served from its version
    }
  }
}

Duration Reflector::age() const { return Duration(micros(clock_.steady_now()) - last_alive_us_.load()); }

void Reflector::alive() {
  last_alive_us_.store(micros(clock_.steady_now()));
  type_absent_.store(false);
}

ReflectorInput Reflector::failed(const Error& error, const std::string& resource_version, bool saw_events) {
  if (error.kind == ErrorKind::NotFound) {
    type_absent_.store(true);
  } else if (error.reason != "Expired") {
    log::warn("list or watch failed; trying again",
              {{"resource", options_.type.plural}, {"error", error.describe()}});
  }
  return Failed{error.kind, error.reason, error.retry_after, resource_version, saw_events};
}

ReflectorInput Reflector::list() {
  std::string continue_token;
  sink_.begin_replace();
  for (;;) {
    auto page = client_.list(options_.type, options_.selection, options_.page_size, continue_token);
    if (!page) return failed(page.error(), {}, false);
    sink_.add_page(std::move(page->items));
    if (page->continue_token.empty()) {
      alive();
      sink_.end_replace();
      synced_.store(true);
      return Listed{page->resource_version};
    }
    continue_token = page->continue_token;
  }
}

ReflectorInput Reflector::watch(const std::string& resource_version, std::stop_token stop) {
  std::string last = resource_version;
  bool saw_events = false;
  std::optional<Error> told;
  const auto server_timeout = std::chrono::seconds(240 + static_cast<int>(random_unit() * 120));
  const auto on_event = [&](kube::WatchEvent event) {
    if (event.type == kube::WatchEventType::Error) {
      const auto code = event.object.value("code", 0);
      told = code == 410 ? Error{ErrorKind::Conflict, event.object.value("message", ""), "Expired"}
                         : Error{ErrorKind::Unavailable, event.object.value("message", "the watch failed")};
      return false;
    }
    alive();
    saw_events = true;
    if (const std::string version = version_of(event.object); !version.empty()) last = version;
    if (event.type != kube::WatchEventType::Bookmark) sink_.apply(event.type, std::move(event.object));
    return true;
  };
  const auto result = client_.watch(options_.type, options_.selection, resource_version, server_timeout,
                                    options_.silence, on_event, stop);
  if (told) return failed(*told, last, saw_events);
  if (!result) {
    if (stop.stop_requested()) return WatchEnded{last, true};
    // A connection that was cut after it had served is resumed at once; that is what resource versions are for.
    if (saw_events && result.error().kind == ErrorKind::Timeout) return WatchEnded{last, true};
    return failed(result.error(), last, saw_events);
  }
  return WatchEnded{last, saw_events};
}

}  // namespace neoid::runtime
