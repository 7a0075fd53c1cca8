#include "controller/apiserver/status.h"

#include <set>

#include <fmt/format.h>

#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

Json about(const GroupResource& resource, std::string_view name) {
  Json details = Json::object();
  if (!name.empty()) details["name"] = name;
  if (!resource.group.empty()) details["group"] = resource.group;
  if (!resource.resource.empty()) details["kind"] = resource.resource;
  return details;
}

constexpr std::string_view kRepresentations =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";

}  // namespace

ApiError bad_request(std::string message) { return {400, "BadRequest", std::move(message)}; }

ApiError unauthorized() { return {401, "Unauthorized", "Unauthorized"}; }

ApiError forbidden(const GroupResource& resource, std::string_view name, std::string_view why) {
  std::string text = name.empty() ? fmt::format("{} is forbidden: {}", resource.text(), why)
                                  : fmt::format("{} \"{}\" is forbidden: {}", resource.text(), name, why);
  return {403, "Forbidden", std::move(text), about(resource, name)};
}

ApiError forbidden_path(std::string_view why) {
  return {403, "Forbidden", fmt::format("forbidden: {}", why), Json::object()};
}

ApiError not_found(const GroupResource& resource, std::string_view name) {
  return {404, "NotFound", fmt::format("{} \"{}\" not found", resource.text(), name), about(resource, name)};
}

ApiError page_not_found() { return {404, "", "404 page not found\n", nullptr, true}; }

ApiError unknown_resource() {
  return {404, "NotFound", "the server could not find the requested resource", Json::object()};
}

ApiError method_not_allowed() {
  return {405, "MethodNotAllowed", "the server does not allow this method on the requested resource",
          Json::object()};
}

ApiError method_not_supported(const GroupResource& resource, std::string_view verb) {
  return {405, "MethodNotAllowed",
          fmt::format("{} is not supported on resources of kind \"{}\"", verb, resource.text()),
          about(resource, "")};
}

ApiError not_acceptable_by_router(bool list) {
  std::string text = fmt::format("406: Not Acceptable\n\nAvailable representations: {}", kRepresentations);
  if (list) text += ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
  return {406, "NotAcceptable", std::move(text), Json::object()};
}

ApiError not_acceptable(std::string_view offered) {
  return {406, "NotAcceptable", fmt::format("only the following media types are accepted: {}", offered)};
}

ApiError unsupported_by_router() {
  return {415, "UnsupportedMediaType", "415: Unsupported Media Type", Json::object()};
}

ApiError unsupported_media_type(std::string_view offered) {
  return {415, "UnsupportedMediaType",
          fmt::format("the body of the request was in an unknown format - accepted media types include: {}",
                      offered)};
}

ApiError already_exists(const GroupResource& resource, std::string_view name) {
  return {409, "AlreadyExists", fmt::format("{} \"{}\" already exists", resource.text(), name),
          about(resource, name)};
}

ApiError conflict(const GroupResource& resource, std::string_view name, std::string_view why) {
  return {409, "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.text(), name, why),
          about(resource, name)};
}

ApiError invalid(const GroupResource& kind, std::string_view name, const std::vector<FieldError>& errors) {
  Json causes = Json::array();
  std::vector<std::string> texts;
  std::set<std::string> seen;
  for (const FieldError& error : errors) {
    causes.push_back({{"reason", error.reason()}, {"message", error.message()}, {"field", error.field}});
    std::string text = error.text();
    if (seen.insert(text).second) texts.push_back(std::move(text));
  }
  Json details = about(kind, name);
  if (!causes.empty()) details["causes"] = std::move(causes);
  std::string list = texts.size() == 1 ? texts[0] : fmt::format("[{}]", fmt::join(texts, ", "));
  return {422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", kind.text(), name, list),
          std::move(details)};
}

ApiError expired(std::string message) { return {410, "Expired", std::move(message)}; }
ApiError too_large(std::string message) { return {413, "RequestEntityTooLarge", std::move(message)}; }
ApiError untyped(std::string message) { return {500, "", std::move(message)}; }

ApiError internal_error(std::string_view message) {
  return {500, "InternalError", fmt::format("Internal error occurred: {}", message),
          Json{{"causes", Json::array({Json{{"message", message}}})}}};
}

ApiError unavailable(std::string message) {
  return {503, "ServiceUnavailable", std::move(message), Json{{"retryAfterSeconds", 1}}};
}

Json to_status(const ApiError& error) {
  Json status = {{"kind", "Status"},    {"apiVersion", "v1"},       {"metadata", Json::object()},
                 {"status", "Failure"}, {"message", error.message}, {"code", error.code}};
  if (!error.reason.empty()) status["reason"] = error.reason;
  if (!error.details.is_null()) status["details"] = error.details;
  if (!error.continue_token.empty()) status["metadata"]["continue"] = error.continue_token;
  return status;
}

Json deleted_status(const GroupResource& resource, std::string_view name, std::string_view uid) {
  Json details = about(resource, name);
  details["uid"] = uid;
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", Json::object()},
          {"status", "Success"},
          {"details", std::move(details)}};
}

http::Response to_response(const ApiError& error) {
  http::Response response;
  response.status = error.code;
  if (error.plain_text) {
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.body = error.message;
    return response;
  }
  response.headers.add("Content-Type", "application/json");
  if (error.details.is_object() && error.details.contains("retryAfterSeconds"))
    response.headers.add("Retry-After", error.details["retryAfterSeconds"].dump());
  response.body = to_json(to_status(error)) + "\n";
  return response;
}

}  // namespace neoid::apiserver
