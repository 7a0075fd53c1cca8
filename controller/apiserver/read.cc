#include "controller/apiserver/read.h"

#include <fmt/format.h>

#include "controller/apiserver/write.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

constexpr auto kFreshWait = std::chrono::seconds(3);

ApiError too_new(storage::Revision wanted, storage::Revision current) {
  const std::string text = fmt::format("Too large resource version: {}, current: {}", wanted, current);
  return {504, "Timeout", "Timeout: " + text,
          Json{{"retryAfterSeconds", 1},
               {"causes", Json::array({Json{{"reason", "ResourceVersionTooLarge"},
                                            {"message", "Too large resource version"}}})}}};
}

std::string base64url_text(std::string_view token) {
  std::string text(token);
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  return text;
}

constexpr std::string_view kExpiredContinue =
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
    "the results. Continuing with the provided token results in an inconsistent list - objects that were "
    "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
    "list.";

std::string next_token(storage::Revision revision, std::string start) {
  return base64url(to_json({{"v", "meta.k8s.io/v1"}, {"rv", revision}, {"start", std::move(start)}}));
}

std::string list_text(const Call& call, const std::vector<storage::StoredObject>& items,
                      const ListMeta& meta) {
  const ResourceInfo& resource = *call.resource;
  std::string text = fmt::format(R"({{"apiVersion":"{}","items":[)", resource.api_version());
  bool first = true;
  for (const storage::StoredObject& item : items) {
    if (!first) text += ',';
    first = false;
    if (resource.custom) {
      text += serve_text(resource, item);
    } else if (resource.conversion.from_stored != nullptr) {
      text += to_json(resource.conversion.from_stored(*item.value()));
    } else {
      text += item.bytes();
    }
  }
  text += fmt::format(R"(],"kind":"{}","metadata":)", resource.list_kind);
  text += to_json(list_meta_json(meta, resource.custom));
  text += '}';
  return text;
}

}  // namespace

std::string encode_continue(storage::Revision revision, const storage::ObjectKey& last, bool all_namespaces) {
  const std::string key = all_namespaces && !last.ns.empty() ? last.ns + "/" + last.name : last.name;
  return next_token(revision, key + std::string(1, '\0'));
}

Answer<ContinueToken> decode_continue(std::string_view token, const ResourceInfo& resource,
                                      std::string_view ns) {
  const auto wrong = [](std::string_view why) {
    return refuse(bad_request(fmt::format("invalid continue token: {}", why)));
  };
  const auto bytes = unbase64(base64url_text(token));
  if (!bytes) return wrong("continue key is not valid: illegal base64 data at input byte 0");
  const auto json = parse_json(*bytes);
  if (!json) return wrong("continue key is not valid: " + json.error().message);
  if (!json->is_object()) return wrong("continue key is not valid: json: cannot unmarshal");
  const std::string version = json->value("v", Json()).is_string() ? (*json)["v"].get<std::string>() : "";
  if (version != "meta.k8s.io/v1")
    return wrong(
        fmt::format("continue key is not valid: server does not recognize this encoded version {}", version));
  ContinueToken result;
  const Json revision = json->value("rv", Json());
  if (!revision.is_number_integer() || revision == 0)
    return wrong(
        "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  result.revision = revision.get<std::int64_t>();
  std::string start = json->value("start", Json()).is_string() ? (*json)["start"].get<std::string>() : "";
  if (start.empty())
    return wrong("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)");
  if (start.starts_with('/') || ("/" + start + "/").find("/../") != std::string::npos)
    return wrong("continue key is not valid: " + start);
  while (!start.empty() && start.back() == '\0') start.pop_back();
  result.start = resource.key(ns, start);
  if (resource.namespaced && ns.empty()) {
    const std::size_t slash = start.find('/');
    if (slash == std::string::npos) return wrong("continue key is not valid: " + start);
    result.start = resource.key(start.substr(0, slash), start.substr(slash + 1));
  }
  return result;
}

Answer<Selection> read_selection(const ListQuery& query, const ResourceInfo& resource) {
  return Selection::parse(query.label_selector, query.field_selector, resource);
}

http::Response respond_list(const Core& core, const Call& call,
                            const std::vector<storage::StoredObject>& items, const ListMeta& meta) {
  const ResourceInfo& resource = *call.resource;
  if (call.media.view == View::Object || call.media.view == View::Discovery)
    return respond_text(call, 200, list_text(call, items, meta));
  std::vector<Json> objects;
  objects.reserve(items.size());
  for (const storage::StoredObject& item : items) objects.push_back(serve(resource, item));
  if (call.media.view == View::Table) {
    const auto include = read_include(call.request);
    if (!include) return respond_error(call, include.error());
    return respond_json(
        call, 200, make_table(resource, objects, meta, *include, call.media.view_version, core.clock.now()));
  }
  if (call.media.view == View::PartialMetadata) return respond_error(call, not_acceptable(kAllTypes));
  Json list = {{"kind", "PartialObjectMetadataList"},
               {"apiVersion", fmt::format("meta.k8s.io/{}", call.media.view_version)},
               {"metadata", list_meta_json(meta, false)},
               {"items", Json::array()}};
  for (const Json& object : objects)
    list["items"].push_back(partial_metadata(object, call.media.view_version));
  return respond_json(call, 200, list);
}

http::Response handle_get(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const ResourceInfo& resource = *call.resource;
  const std::string& name = call.path.name_in_path;
  const auto version = parse_resource_version(call.request.find_query("resourceVersion").value_or(""));
  if (!version) return respond_error(call, version.error());
  if (*version > 0 && !core.storage.wait_for(*version, kFreshWait))
    return respond_error(call, too_new(*version, core.storage.revision()));
  const auto stored = core.storage.get(resource.key(call.path.ns, name));
  if (!stored) return respond_error(call, storage_error(resource, name, stored.error()));
  if (call.media.view == View::Object) return respond_text(call, 200, serve_text(resource, *stored));
  return respond_object(core, call, 200, serve(resource, *stored));
}

namespace {

// What the query says about which state is listed.
Answer<void> place_list(const Core& core, const Call& call, const ListQuery& query,
                        storage::ListOptions& options) {
  const auto version = parse_resource_version(query.resource_version);
  if (!version) return refuse(version.error());
  if (!query.continue_token.empty()) {
    if (*version > 0)
      return refuse(bad_request("specifying resource version is not allowed when using continue"));
    auto token = decode_continue(query.continue_token, *call.resource, options.ns);
    if (!token) return refuse(token.error());
    options.start_after = token->start;
    options.at = token->revision < 0 ? 0 : token->revision;
    return {};
  }
  if (query.resource_version == "0") {
    options.limit = 0;  // a real server answers this from its cache, whole
    return {};
  }
  if (*version == 0) return {};
  const bool exact = query.match == "Exact" || (query.match.empty() && options.limit > 0);
  if (exact) {
    options.at = *version;
    return {};
  }
  if (!core.storage.wait_for(*version, kFreshWait)) return refuse(too_new(*version, core.storage.revision()));
  return {};
}

ApiError list_error(const Core& core, const Call& call, const ListQuery& query,
                    const storage::ListOptions& options, const Error& error) {
  if (error.reason == "Timeout") return too_new(options.at, core.storage.revision());
  if (error.reason != "Expired") return storage_error(*call.resource, "", error);
  if (query.continue_token.empty()) return expired("The resourceVersion for the provided list is too old.");
  ApiError gone = expired(std::string(kExpiredContinue));
  gone.continue_token = encode_continue(-1, *options.start_after, options.ns.empty());
  return gone;
}

}  // namespace

http::Response handle_list(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const ResourceInfo& resource = *call.resource;
  const auto query = read_list_query(call.request, false);
  if (!query) return respond_error(call, query.error());
  const auto selection = read_selection(*query, resource);
  if (!selection) return respond_error(call, selection.error());
  storage::ListOptions options;
  options.resource = resource.stored_as;
  options.ns = resource.namespaced ? call.path.ns : "";
  options.limit = query->limit > 0 ? static_cast<std::size_t>(query->limit) : 0;
  if (!selection->empty())
    options.filter = [&](const storage::StoredObject& object) { return selection->matches(*object.value()); };
  if (auto placed = place_list(core, call, *query, options); !placed)
    return respond_error(call, placed.error());
  const auto page = core.storage.list(options);
  if (!page) return respond_error(call, list_error(core, call, *query, options, page.error()));
  ListMeta meta;
  meta.resource_version = std::to_string(page->revision);
  if (page->next) meta.continue_token = encode_continue(page->revision, *page->next, options.ns.empty());
  if (page->next && page->remaining) meta.remaining = static_cast<std::int64_t>(*page->remaining);
  return respond_list(core, call, page->items, meta);
}

}  // namespace neoid::apiserver
