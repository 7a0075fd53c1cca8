// WATCH: a stream of events.
//
// Flow        What is there comes first as ADDED (without a resourceVersion, or from 0), then every event after
//             it, filtered: an object that begins to match is ADDED, one that ceases to match DELETED.
// Guarantees  Events of a resource come once and in the order of their versions; a bookmark names a version up
//             to which everything was sent.
// Failure     A version that history has forgotten is told as an ERROR event of a 410; a peer that is gone ends
//             the stream.
#include <fmt/format.h>

#include "controller/apiserver/read.h"
#include "controller/apiserver/write.h"
#include "controller/base/random.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml_text.h"

namespace neoid::apiserver {
namespace {

using std::chrono::milliseconds;
using storage::Event;

constexpr auto kBookmarkInterval = std::chrono::minutes(1);
constexpr auto kBookmarkLead = std::chrono::seconds(2);
// Each keeps a thread of the HTTP server (http::ServerLimits::threads): what is left of them is for other requests.
constexpr std::size_t kMostWatches = 1536;

struct WatchJob {
  ResourceRef resource;
  MediaType media;
  Selection selection;
  IncludeObject include = IncludeObject::Metadata;
  bool bookmarks = false;
  std::chrono::seconds timeout{0};
  std::vector<storage::StoredObject> initial;
  std::unique_ptr<storage::Watch> watch;  // null: `failure` is the only event
  Json failure;
};

class EventWriter {
 public:
  EventWriter(const Core& core, const WatchJob& job, http::Stream& stream)
      : core_(core), job_(job), stream_(stream) {}

  bool write_object(std::string_view type, const storage::StoredObject& object) {
    if (job_.media.view == View::Object && job_.media.encoding == Encoding::Json)
      return stream_.write(
          fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, serve_text(*job_.resource, object)));
    return write_json(type, shaped(serve(*job_.resource, object)));
  }

  // An object at another version than its own: what left the selection.
  bool write_left(const storage::StoredObject& previous, storage::Revision revision) {
    Json object = serve(*job_.resource, previous);
    object["metadata"]["resourceVersion"] = std::to_string(revision);
    return write_json("DELETED", shaped(std::move(object)));
  }

  bool write_bookmark(storage::Revision revision) {
    Json object = {
        {"apiVersion", job_.resource->api_version()},
        {"kind", job_.resource->kind},
        {"metadata", {{"creationTimestamp", nullptr}, {"resourceVersion", std::to_string(revision)}}}};
    if (job_.resource->custom) {
      object["metadata"].erase("creationTimestamp");
    } else if (job_.resource->go_type != nullptr) {
      if (auto empty = go_decode(*job_.resource->go_type, Json::object())) {
        const Json metadata = object["metadata"];
        for (auto& [key, member] : empty->value.items()) object[key] = member;
        object["metadata"] = metadata;
      }
    }
    if (job_.media.view == View::Table) {
      ListMeta meta;
      meta.resource_version = std::to_string(revision);
      Json table = make_table(*job_.resource, {object}, meta, job_.include, job_.media.view_version,
                              core_.clock.now(), next_header());
      table["rows"][0]["object"] = partial_metadata(object, job_.media.view_version);
      return write_json("BOOKMARK", table);
    }
    if (job_.media.view == View::PartialMetadata || job_.media.view == View::PartialMetadataList)
      return write_json("BOOKMARK", partial_metadata(object, job_.media.view_version));
    return write_json("BOOKMARK", object);
  }

  bool write_json(std::string_view type, const Json& object) {
    const Json event = {{"type", type}, {"object", object}};
    if (job_.media.encoding == Encoding::Yaml) return stream_.write("---\n" + to_yaml(event));
    return stream_.write(to_json(event) + "\n");
  }

 private:
  Header next_header() {
    const Header header = headed_ ? Header::No : Header::Yes;
    headed_ = true;
    return header;
  }

  Json shaped(Json object) {
    switch (job_.media.view) {
      case View::Object:
      case View::Discovery: return object;
      case View::PartialMetadata:
      case View::PartialMetadataList: return partial_metadata(object, job_.media.view_version);
      case View::Table: break;
    }
    ListMeta meta;
    meta.resource_version = object["metadata"].value("resourceVersion", "");
    return make_table(*job_.resource, {object}, meta, job_.include, job_.media.view_version,
                      core_.clock.now(), next_header());
  }

  const Core& core_;
  const WatchJob& job_;
  http::Stream& stream_;
  bool headed_ = false;
};

bool write_event(EventWriter& writer, const WatchJob& job, const Event& event) {
  const bool all = job.selection.empty();
  const bool is_now =
      event.type != Event::Type::Deleted && (all || job.selection.matches(*event.object.value()));
  const bool was = event.previous && (all || job.selection.matches(*event.previous->value()));
  if (is_now) return writer.write_object(was ? "MODIFIED" : "ADDED", event.object);
  if (!was) return true;
  if (event.type == Event::Type::Deleted) return writer.write_object("DELETED", event.object);
  return writer.write_left(*event.previous, event.object.revision());
}

void run_watch(const Core& core, WatchJob& job, http::Stream& stream) {
  EventWriter writer(core, job, stream);
  if (!job.watch) {
    writer.write_json("ERROR", job.failure);
    return;
  }
  for (const storage::StoredObject& object : job.initial)
    if (!writer.write_object("ADDED", object)) return;
  const SteadyTime start = core.clock.steady_now();
  const SteadyTime end = start + job.timeout;
  storage::Revision marked = job.watch->revision();
  SteadyTime next_bookmark = std::min<SteadyTime>(start + kBookmarkInterval, end - kBookmarkLead);
  std::stop_token stop = stream.stop_token();
  while (!stop.stop_requested() && !job.watch->closed()) {
    const SteadyTime now = core.clock.steady_now();
    if (now >= end) return;
    const SteadyTime until = job.bookmarks && next_bookmark > now ? std::min(end, next_bookmark) : end;
    auto events = job.watch->next(std::chrono::ceil<milliseconds>(until - now) + milliseconds(1), stop);
    if (!events) {
      writer.write_json("ERROR", to_status(expired(events.error().message)));
      return;
    }
    for (const Event& event : *events) {
      if (!write_event(writer, job, event)) return;
    }
    const SteadyTime later = core.clock.steady_now();
    if (!job.bookmarks || later < next_bookmark) continue;
    if (job.watch->revision() > marked) {
      marked = job.watch->revision();
      if (!writer.write_bookmark(marked)) return;
    }
    next_bookmark = later + kBookmarkInterval < end - kBookmarkLead ? later + kBookmarkInterval
                    : later < end - kBookmarkLead                   ? end - kBookmarkLead
                                                                    : end + kBookmarkInterval;
  }
}

std::chrono::seconds watch_timeout(const ListQuery& query) {
  if (query.timeout_seconds && *query.timeout_seconds > 0)
    return std::chrono::seconds(*query.timeout_seconds);
  return std::chrono::seconds(1800 + static_cast<std::int64_t>(1800 * random_unit()));
}

// The watch, and what is there before it where the query asks for that.
Answer<void> open_watch(const Core& core, const ListQuery& query, const std::string& ns, WatchJob& job) {
  const auto version = parse_resource_version(query.resource_version);
  if (!version) return refuse(version.error());
  storage::Revision from = *version;
  if (from == 0) {
    storage::ListOptions options;
    options.resource = job.resource->stored_as;
    options.ns = ns;
    if (!job.selection.empty())
      options.filter = [&](const storage::StoredObject& object) {
        return job.selection.matches(*object.value());
      };
    auto page = core.storage.list(options);
    if (!page) return refuse(storage_error(*job.resource, "", page.error()));
    job.initial = std::move(page->items);
    from = page->revision;
  }
  auto watch = core.storage.watch(job.resource->stored_as, ns, from);
  if (watch) {
    job.watch = std::move(*watch);
  } else if (watch.error().reason == "Expired") {
    job.failure = to_status(expired(watch.error().message));
  } else {
    return refuse(storage_error(*job.resource, "", watch.error()));
  }
  return {};
}

// As a real server refuses what is over its max-in-flight.
http::Response too_many_watches() {
  http::Response response =
      to_response({429, "", "Too many requests, please try again later.\n", nullptr, true});
  response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace

http::Response handle_watch(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  auto query = read_list_query(call.request, true);
  if (!query) return respond_error(call, query.error());
  if (!call.path.name_in_path.empty()) {  // the old form of watching one object
    if (!query->field_selector.empty()) query->field_selector += ",";
    query->field_selector += "metadata.name=" + call.path.name_in_path;
  }
  auto selection = read_selection(*query, *call.resource);
  if (!selection) return respond_error(call, selection.error());
  if (core.storage.stats().watches >= kMostWatches) return too_many_watches();
  auto job = std::make_shared<WatchJob>();
  job->resource = call.resource;
  job->media = call.media;
  job->selection = std::move(*selection);
  job->bookmarks = query->bookmarks;
  job->timeout = watch_timeout(*query);
  if (call.media.view == View::Table) {
    const auto include = read_include(call.request);
    if (!include) return respond_error(call, include.error());
    job->include = *include;
  }
  if (auto opened = open_watch(core, *query, call.resource->namespaced ? call.path.ns : "", *job); !opened)
    return respond_error(call, opened.error());
  http::Response response = respond_text(call, 200, "");
  response.body.clear();
  response.stream = [&core, job](http::Stream& stream) { run_watch(core, *job, stream); };
  return response;
}

}  // namespace neoid::apiserver
