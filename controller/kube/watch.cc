#include "controller/kube/watch.h"

#include <utility>

#include "controller/kube/status.h"
#include "reconcile/value/json_text.h"

namespace neoid::kube {
namespace {

Result<WatchEvent> decode(std::string_view line) {
  auto parsed = parse_json(line);
  if (!parsed || !parsed->is_object() || !parsed->contains("object") || !parsed->contains("type")) {
    return fail(ErrorKind::Internal, "the API server sent a watch event that makes no sense");
  }
  WatchEvent event;
  event.object = std::move((*parsed)["object"]);
  const Json& type = (*parsed)["type"];
  if (type == "ADDED") {
    event.type = WatchEventType::Added;
  } else if (type == "MODIFIED") {
    event.type = WatchEventType::Modified;
  } else if (type == "DELETED") {
    event.type = WatchEventType::Deleted;
  } else if (type == "BOOKMARK") {
    event.type = WatchEventType::Bookmark;
  } else if (type == "ERROR") {
    return fail(error_from_status(event.object));
  } else {
    return fail(ErrorKind::Internal, "the API server sent a watch event of an unknown type");
  }
  return event;
}

}  // namespace

Result<bool> WatchDecoder::feed(std::string_view bytes, const std::function<bool(WatchEvent)>& on_event) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > max_event_bytes_)
      return fail(ErrorKind::Internal, "the API server sent a watch event that is too long");
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    NEOID_TRY(WatchEvent event, decode(line));
    if (!on_event(std::move(event))) return false;
  }
  return true;
}

}  // namespace neoid::kube
