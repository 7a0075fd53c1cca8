#include "controller/kube/client.h"

#include <utility>

#include "controller/kube/request.h"
#include "controller/kube/status.h"
#include "controller/kube/transport.h"
#include "controller/kube/watch.h"
#include "reconcile/value/json_text.h"

namespace neoid::kube {
namespace {

// The body of a success as a JSON object.
Result<Json> decode(Result<http::ClientResponse> answer) {
  if (!answer) return fail(std::move(answer).error());
  if (answer->status / 100 != 2) return fail(error_from_answer(*answer));
  auto parsed = parse_json(answer->body);
  cleanse(answer->body);  // may hold what a Secret held
  if (!parsed || !parsed->is_object())
    return fail(ErrorKind::Internal, "the API server's answer is not a JSON object");
  return parsed;
}

std::string text_at(const Json& value, const char* pointer) {
  const Json::json_pointer at(pointer);
  if (!value.contains(at)) return "";
  const Json& found = value.at(at);
  return found.is_string() ? found.get<std::string>() : "";
}

// Sends a write and wipes the body, which may hold a credential.
Result<http::ClientResponse> send_and_wipe(Transport& transport, http::ClientRequest request) {
  auto answer = transport.send(request);
  cleanse(request.body);
  return answer;
}

}  // namespace

Client::Client(std::shared_ptr<Transport> transport) : transport_(std::move(transport)) {}

Result<Json> Client::get(const ResourceType& type, const ObjectName& name,
                         std::chrono::milliseconds timeout) const {
  http::ClientRequest request = get_request(type, name);
  request.timeout = timeout;
  return decode(transport_->send(request));
}

Result<ListPage> Client::list(const ResourceType& type, const Selection& selection, int limit,
                              const std::string& continue_token) const {
  NEOID_TRY(Json body, decode(transport_->send(list_request(type, selection, limit, continue_token))));
  ListPage page;
  page.resource_version = text_at(body, "/metadata/resourceVersion");
  page.continue_token = text_at(body, "/metadata/continue");
  const auto items = body.find("items");
  if (items == body.end() || items->is_null()) return page;
  if (!items->is_array()) return fail(ErrorKind::Internal, "the API server's list has no items");
  page.items = std::move(items->get_ref<Json::array_t&>());
  return page;
}

Result<Json> Client::create(const ResourceType& type, const std::string& ns, const Json& object,
                            const WriteOptions& options) const {
  return decode(send_and_wipe(*transport_, create_request(type, ns, object, options)));
}

Result<Json> Client::update(const ResourceType& type, const ObjectName& name, const Json& object,
                            const WriteOptions& options) const {
  return decode(send_and_wipe(*transport_, update_request(type, name, object, options)));
}

Result<Json> Client::patch(const ResourceType& type, const ObjectName& name, PatchType kind, const Json& body,
                           const WriteOptions& options) const {
  return decode(send_and_wipe(*transport_, patch_request(type, name, kind, body, options)));
}

Result<void> Client::remove(const ResourceType& type, const ObjectName& name,
                            const DeleteOptions& options) const {
  NEOID_TRY(const auto answer, transport_->send(remove_request(type, name, options)));
  if (answer.status / 100 != 2) return fail(error_from_answer(answer));
  return {};
}

Result<std::string> Client::raw(const std::string& path) const {
  http::ClientRequest request;
  request.target = path;
  NEOID_TRY(auto answer, transport_->send(request));
  if (answer.status / 100 != 2) return fail(error_from_answer(answer));
  return std::move(answer.body);
}

Result<void> Client::watch(const ResourceType& type, const Selection& selection,
                           const std::string& resource_version, std::chrono::seconds server_timeout,
                           std::chrono::milliseconds silence, const std::function<bool(WatchEvent)>& on_event,
                           std::stop_token stop) const {
  http::ClientRequest request = watch_request(type, selection, resource_version, server_timeout);
  request.idle_timeout = silence;
  WatchDecoder decoder;
  Result<bool> fed = true;
  const auto on_chunk = [&](std::string_view bytes) {
    fed = decoder.feed(bytes, on_event);
    return fed && *fed;
  };
  NEOID_TRY(const auto answer, transport_->stream(request, on_chunk, std::move(stop)));
  if (!fed) return fail(std::move(fed).error());
  if (answer.status / 100 != 2) return fail(error_from_answer(answer));
  return {};
}

}  // namespace neoid::kube
