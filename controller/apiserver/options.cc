#include "controller/apiserver/options.h"

#include <charconv>

#include <fmt/format.h>

#include "controller/apiserver/apply/managed_fields.h"
#include "controller/apiserver/go_type.h"
#include "controller/apiserver/negotiate.h"
#include "controller/apiserver/openapi/protobuf.h"
#include "controller/apiserver/path_info.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid::apiserver {
namespace {

std::vector<std::string> values_of(const http::Request& request, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : request.query)
    if (key == name) values.push_back(value);
  return values;
}

std::string value_of(const http::Request& request, std::string_view name) {
  return std::string(request.find_query(name).value_or(""));
}

void check_dry_run(const std::vector<std::string>& values, std::vector<FieldError>& errors) {
  for (const std::string& value : values) {
    if (value == "All") continue;
    std::vector<std::string> quoted;
    for (const std::string& each : values) quoted.push_back(go_quote(each));
    errors.push_back({FieldErrorType::NotSupported, "dryRun",
                      fmt::format("[]string{{{}}}", fmt::join(quoted, ", ")), "supported values: \"All\""});
    return;
  }
}

std::string_view options_kind(WriteKind kind) {
  switch (kind) {
    case WriteKind::Create: return "CreateOptions";
    case WriteKind::Update: return "UpdateOptions";
    case WriteKind::Patch:
    case WriteKind::Apply: break;
  }
  return "PatchOptions";
}

ApiError invalid_options(std::string_view kind, const std::vector<FieldError>& errors) {
  return invalid({"meta.k8s.io", std::string(kind)}, "", errors);
}

}  // namespace

Answer<std::int64_t> parse_int(std::string_view text) {
  std::int64_t value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed == std::errc::result_out_of_range)
    return refuse(
        bad_request(fmt::format("strconv.ParseInt: parsing {}: value out of range", go_quote(text))));
  if (failed != std::errc() || end != digits.data() + digits.size())
    return refuse(bad_request(fmt::format("strconv.ParseInt: parsing {}: invalid syntax", go_quote(text))));
  return value;
}

Answer<std::int64_t> parse_resource_version(std::string_view text) {
  if (text.empty()) return std::int64_t{0};
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  return refuse(untyped(
      fmt::format("resourceVersion: Invalid value: {0}: strconv.ParseUint: parsing {0}: invalid syntax",
                  go_quote(text))));
}

Answer<WriteOptions> read_write_options(const http::Request& request, WriteKind kind) {
  WriteOptions options;
  std::vector<FieldError> errors;
  options.field_manager = value_of(request, "fieldManager");
  const auto force = request.find_query("force");
  if (kind == WriteKind::Apply) {
    options.force = query_bool(request, "force");
    if (options.field_manager.empty())
      errors.push_back({FieldErrorType::Required, "fieldManager", "", "is required for apply patch"});
  } else if (kind == WriteKind::Patch && force) {
    errors.push_back({FieldErrorType::Forbidden, "force", "", "may not be specified for non-apply patch"});
  }
  for (FieldError& error : apply::check_field_manager(options.field_manager))
    errors.push_back(std::move(error));
  const std::vector<std::string> dry_run = values_of(request, "dryRun");
  check_dry_run(dry_run, errors);
  options.dry_run = !dry_run.empty();
  const std::string validation = value_of(request, "fieldValidation");
  if (validation == "Strict") {
    options.validation = FieldValidation::Strict;
  } else if (validation == "Ignore") {
    options.validation = FieldValidation::Ignore;
  } else if (!validation.empty() && validation != "Warn") {
    errors.push_back({FieldErrorType::NotSupported, "fieldValidation", go_quote(validation),
                      R"(supported values: "", "Ignore", "Strict", "Warn")"});
  }
  if (!errors.empty()) return refuse(invalid_options(options_kind(kind), errors));
  return options;
}

Answer<ListQuery> read_list_query(const http::Request& request, bool watch) {
  ListQuery query;
  query.label_selector = value_of(request, "labelSelector");
  query.field_selector = value_of(request, "fieldSelector");
  query.watch = watch;
  query.bookmarks = query_bool(request, "allowWatchBookmarks");
  query.resource_version = value_of(request, "resourceVersion");
  query.match = value_of(request, "resourceVersionMatch");
  query.continue_token = value_of(request, "continue");
  if (const auto timeout = request.find_query("timeoutSeconds"); timeout && !timeout->empty()) {
    const auto seconds = parse_int(*timeout);
    if (!seconds) return refuse(seconds.error());
    query.timeout_seconds = *seconds;
  }
  if (const auto limit = request.find_query("limit"); limit && !limit->empty()) {
    const auto count = parse_int(*limit);
    if (!count) return refuse(count.error());
    query.limit = *count;
  }
  if (query.match.empty()) return query;
  std::vector<FieldError> errors;
  const auto forbid = [&](std::string why) {
    errors.push_back({FieldErrorType::Forbidden, "resourceVersionMatch", "", std::move(why)});
  };
  if (watch) forbid("resourceVersionMatch is forbidden for watch");
  if (query.resource_version.empty())
    forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (!query.continue_token.empty()) forbid("resourceVersionMatch is forbidden when continue is provided");
  if (query.match != "Exact" && query.match != "NotOlderThan")
    errors.push_back({FieldErrorType::NotSupported, "resourceVersionMatch", go_quote(query.match),
                      R"(supported values: "Exact", "NotOlderThan", "")"});
  if (query.match == "Exact" && query.resource_version == "0")
    forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  if (!errors.empty()) return refuse(invalid_options("ListOptions", errors));
  return query;
}

namespace {

Answer<Json> delete_options_from_query(const http::Request& request) {
  Json options = Json::object();
  if (const auto grace = request.find_query("gracePeriodSeconds")) {
    const auto seconds = parse_int(*grace);
    if (!seconds) return refuse(seconds.error());
    options["gracePeriodSeconds"] = *seconds;
  }
  if (request.find_query("orphanDependents"))
    options["orphanDependents"] = query_bool(request, "orphanDependents");
  if (const auto policy = request.find_query("propagationPolicy"))
    options["propagationPolicy"] = std::string(*policy);
  const auto dry_run = values_of(request, "dryRun");
  if (!dry_run.empty()) options["dryRun"] = dry_run;
  return options;
}

Answer<Json> delete_options_from_body(const http::Request& request, std::string_view group_version) {
  const auto type = body_type(request.header("Content-Type"));
  if (!type) return refuse(type.error());
  Json body;
  if (*type == BodyType::Protobuf) {
    auto decoded = openapi::decode_protobuf(request.body, group_version, "DeleteOptions");
    if (!decoded) return refuse(untyped(decoded.error().message));
    body = std::move(*decoded);
  } else if (*type == BodyType::Yaml) {
    auto parsed = parse_yaml(request.body);
    if (!parsed) return refuse(untyped(parsed.error().message));
    body = std::move(*parsed);
  } else {
    auto parsed = parse_json(request.body);
    if (!parsed)
      return refuse(untyped("couldn't get version/kind; json parse error: " + parsed.error().message));
    body = std::move(*parsed);
  }
  if (!body.is_object()) return Json::object();
  const std::string kind = body.value("kind", Json()).is_string() ? body["kind"].get<std::string>() : "";
  if (!kind.empty() && kind != "DeleteOptions")
    return refuse(untyped(fmt::format(
        "no kind {} is registered for version {} in scheme "
        "\"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"",
        go_quote(kind),
        go_quote(body.value("apiVersion", Json()).is_string() ? body["apiVersion"].get<std::string>()
                                                              : std::string(group_version)))));
  body.erase("kind");
  body.erase("apiVersion");
  auto decoded = go_decode(*find_go_struct("DeleteOptions"), body);
  if (!decoded) return refuse(untyped(decoded.error().message));
  return std::move(decoded->value);
}

}  // namespace

Answer<DeleteOptions> read_delete_options(const http::Request& request, std::string_view group_version) {
  auto read = request.body.empty() ? delete_options_from_query(request)
                                   : delete_options_from_body(request, group_version);
  if (!read) return refuse(read.error());
  const Json& given = *read;
  DeleteOptions options;
  std::vector<FieldError> errors;
  if (given.contains("gracePeriodSeconds"))
    options.grace_seconds = given["gracePeriodSeconds"].get<std::int64_t>();
  if (given.contains("orphanDependents")) options.orphan = given["orphanDependents"].get<bool>();
  if (given.contains("propagationPolicy"))
    options.propagation = given["propagationPolicy"].get<std::string>();
  if (given.contains("preconditions")) {
    const Json& conditions = given["preconditions"];
    if (conditions.contains("uid")) options.uid = conditions["uid"].get<std::string>();
    if (conditions.contains("resourceVersion"))
      options.resource_version = conditions["resourceVersion"].get<std::string>();
  }
  if (options.propagation && options.orphan)
    errors.push_back({FieldErrorType::Invalid, "propagationPolicy", go_quote(*options.propagation),
                      "orphanDependents and deletionPropagation cannot be both set"});
  if (options.propagation && *options.propagation != "Foreground" && *options.propagation != "Background" &&
      *options.propagation != "Orphan")
    errors.push_back({FieldErrorType::NotSupported, "propagationPolicy", go_quote(*options.propagation),
                      R"(supported values: "Foreground", "Background", "Orphan", "nil")"});
  if (given.contains("dryRun")) {
    const auto values = given["dryRun"].get<std::vector<std::string>>();
    check_dry_run(values, errors);
    options.dry_run = !values.empty();
  }
  if (!errors.empty()) return refuse(invalid_options("DeleteOptions", errors));
  return options;
}

}  // namespace neoid::apiserver
