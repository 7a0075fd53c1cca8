#include "controller/apiserver/webhooks.h"

#include <algorithm>

#include <fmt/format.h>

#include "controller/base/log.h"
#include "controller/base/random.h"
#include "controller/http/client.h"
#include "reconcile/base/crypto.h"
#include "reconcile/meta/selector.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/member.h"
#include "reconcile/value/patch.h"

namespace neoid::apiserver {
namespace {

constexpr const char* kMutating = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
constexpr const char* kValidating = "validatingwebhookconfigurations.admissionregistration.k8s.io";

bool lists(const Json& rule, const char* name, std::string_view wanted) {
  const auto found = rule.find(name);
  if (found == rule.end() || !found->is_array()) return false;
  return std::any_of(found->begin(), found->end(),
                     [&](const Json& each) { return each == "*" || each == wanted; });
}

// "pods", "pods/status", "pods/*", "*/status", "*" (no subresources), "*/*".
bool lists_resource(const Json& rule, const std::string& resource, const std::string& subresource) {
  const auto found = rule.find("resources");
  if (found == rule.end() || !found->is_array()) return false;
  for (const Json& each : *found) {
    const std::string text = each.is_string() ? each.get<std::string>() : "";
    const std::size_t slash = text.find('/');
    const std::string first = text.substr(0, slash);
    const std::string second = slash == std::string::npos ? "" : text.substr(slash + 1);
    if ((first == "*" || first == resource) && (second == "*" || second == subresource)) return true;
  }
  return false;
}

// A LabelSelector of meta/v1 against labels; one that cannot be read finds nothing.
bool selector_matches(const Json& selector, const Json& labels) {
  const auto read = meta::LabelSelector::from_json(selector);
  return read && read->matches(labels);
}

Json labels_of(const Json* object) {
  if (object == nullptr || !object->contains("metadata")) return Json::object();
  return (*object)["metadata"].value("labels", Json::object());
}

Json review_of(const AdmissionRequest& request, const std::string& uid) {
  const Json kind = {{"group", request.group}, {"version", request.version}, {"kind", request.kind}};
  const Json resource = {
      {"group", request.group}, {"version", request.version}, {"resource", request.resource}};
  Json user = {{"username", request.user.name}, {"groups", request.user.groups}};
  if (!request.user.uid.empty()) user["uid"] = request.user.uid;
  if (!request.user.extra.empty()) user["extra"] = request.user.extra;
  Json body = {{"uid", uid},
               {"kind", kind},
               {"resource", resource},
               {"requestKind", kind},
               {"requestResource", resource},
               {"operation", request.operation},
               {"userInfo", std::move(user)},
               {"object", request.object == nullptr ? Json() : *request.object},
               {"oldObject", request.old_object == nullptr ? Json() : *request.old_object},
               {"dryRun", request.dry_run},
               {"options", request.options}};
  if (!request.subresource.empty()) body["subResource"] = body["requestSubResource"] = request.subresource;
  if (!request.name.empty()) body["name"] = request.name;
  if (!request.ns.empty()) body["namespace"] = request.ns;
  return {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", std::move(body)}};
}

// What a refusal says to the client, as a real server words it.
ApiError denial(const std::string& webhook, const Json& response) {
  const Json status = response.value("status", Json::object());
  ApiError error;
  const Json code = status.value("code", Json(0));
  error.code =
      code.is_number_integer() && code.get<int>() >= 400 && code.get<int>() < 600 ? code.get<int>() : 400;
  error.reason = text_at(status, "reason");
  const std::string why = text_at(status, "message").empty() ? error.reason : text_at(status, "message");
  error.message =
      why.empty() ? fmt::format("admission webhook \"{}\" denied the request without explanation", webhook)
                  : fmt::format("admission webhook \"{}\" denied the request: {}", webhook, why);
  if (status.contains("details")) error.details = status["details"];
  return error;
}

}  // namespace

struct Webhook {
  std::string name;
  std::string url;     // for messages
  std::string target;  // path and query
  Json object;         // its configuration
  std::chrono::seconds timeout{10};
  bool ignore_failure = false;
  std::unique_ptr<http::Client> client;  // null: the configuration is not usable
};

namespace {

std::shared_ptr<const Webhook> read_webhook(const Json& object) {
  auto hook = std::make_shared<Webhook>();
  hook->name = text_at(object, "name");
  hook->object = object;
  hook->timeout = std::chrono::seconds(object.value("timeoutSeconds", 10));
  hook->ignore_failure = text_at(object, "failurePolicy") == "Ignore";
  const Json config = object.value("clientConfig", Json::object());
  http::ClientOptions options;
  hook->url = text_at(config, "url");
  if (hook->url.empty()) {
    const Json service = config.value("service", Json::object());
    std::string path = text_at(service, "path");
    if (!path.starts_with('/')) path.insert(0, "/");
    const std::string host =
        fmt::format("{}.{}.svc", text_at(service, "name"), text_at(service, "namespace"));
    options.tls.server_name = host;
    hook->url = fmt::format("https://{}:{}{}", host, service.value("port", 443), path);
  }
  const std::size_t scheme = hook->url.find("://");
  const std::size_t slash = scheme == std::string::npos ? scheme : hook->url.find('/', scheme + 3);
  options.base_url = hook->url.substr(0, slash);
  hook->target = slash == std::string::npos ? "/" : hook->url.substr(slash);
  options.tls.ca_pem = unbase64(text_at(config, "caBundle")).value_or("");
  options.user_agent = "kube-apiserver-admission";
  options.connect_timeout = hook->timeout;
  auto client = http::Client::create(std::move(options));
  if (client) {
    hook->client = std::move(*client);
  } else {
    log::warn("an admission webhook cannot be called",
              {{"webhook", hook->name}, {"why", client.error().message}});
  }
  return hook;
}

// The `response` of the review; Unavailable for anything that is not one.
Result<Json> ask(const Webhook& hook, const AdmissionRequest& request) {
  if (!hook.client) return fail(ErrorKind::Unavailable, "the client configuration is not valid");
  const std::string uid = random_uuid();
  http::ClientRequest post;
  post.method = "POST";
  post.target = fmt::format("{}{}timeout={}s", hook.target,
                            hook.target.find('?') == std::string::npos ? "?" : "&", hook.timeout.count());
  post.headers.add("Content-Type", "application/json");
  post.headers.add("Accept", "application/json, */*");
  post.body = to_json(review_of(request, uid));
  post.timeout = hook.timeout;
  NEOID_TRY(http::ClientResponse answer, hook.client->send(post));
  if (answer.status < 200 || answer.status > 299)
    return fail(ErrorKind::Unavailable, fmt::format("an error on the server (status {})", answer.status));
  NEOID_TRY(Json review, parse_json(answer.body));
  Json response = review.is_object() ? review.value("response", Json()) : Json();
  if (!response.is_object() || text_at(response, "uid") != uid ||
      !response.value("allowed", Json()).is_boolean())
    return fail(ErrorKind::Unavailable, "the answer is no AdmissionReview with a response to the request");
  return response;
}

Result<Json> patch_of(const Json& response, const Json& object) {
  const auto bytes = unbase64(text_at(response, "patch"));
  if (!bytes) return fail(ErrorKind::Invalid, "the patch is not base64");
  NEOID_TRY(Json patch, parse_json(*bytes));
  return apply_json_patch(object, patch);
}

bool rule_fits(const Json& hook, const AdmissionRequest& request, bool namespaced) {
  const bool equivalent = text_at(hook, "matchPolicy") != "Exact";
  for (const Json& rule : hook.value("rules", Json::array())) {
    const std::string scope = text_at(rule, "scope");
    if (scope == "Namespaced" && !namespaced) continue;
    if (scope == "Cluster" && namespaced) continue;
    if (lists(rule, "operations", request.operation) && lists(rule, "apiGroups", request.group) &&
        (equivalent || lists(rule, "apiVersions", request.version)) &&
        lists_resource(rule, request.resource, request.subresource))
      return true;
  }
  return false;
}

}  // namespace

Webhooks::Webhooks(const storage::ApiStorage& storage)
    : storage_(storage), mutating_(std::make_shared<const List>()), validating_(mutating_) {}
Webhooks::~Webhooks() = default;

bool Webhooks::is_configuration(std::string_view resource) {
  return resource == kMutating || resource == kValidating;
}

Webhooks::List Webhooks::read(const std::string& resource) const {
  storage::ListOptions options;
  options.resource = resource;
  List list;
  if (const auto page = storage_.list(options))
    for (const storage::StoredObject& stored : page->items)
      for (const Json& object : stored.value()->value("webhooks", Json::array()))
        list.push_back(read_webhook(object));
  return list;
}

void Webhooks::reload() {
  auto mutating = std::make_shared<const List>(read(kMutating));
  auto validating = std::make_shared<const List>(read(kValidating));
  MutexLock lock(mutex_);
  mutating_ = std::move(mutating);
  validating_ = std::move(validating);
}

bool Webhooks::selects(const Webhook& hook, const AdmissionRequest& request, bool namespaced) const {
  if (!rule_fits(hook.object, request, namespaced)) return false;
  const Json object_selector = hook.object.value("objectSelector", Json::object());
  if (!object_selector.empty() && !selector_matches(object_selector, labels_of(request.object)) &&
      !selector_matches(object_selector, labels_of(request.old_object)))
    return false;
  const Json namespace_selector = hook.object.value("namespaceSelector", Json::object());
  if (namespace_selector.empty()) return true;
  if (request.resource == "namespaces" && request.group.empty())
    return selector_matches(namespace_selector,
                            labels_of(request.object != nullptr ? request.object : request.old_object));
  if (!namespaced) return true;
  const auto stored = storage_.get({"namespaces", "", request.ns});
  if (!stored) return selector_matches(namespace_selector, Json::object());
  const auto value = stored->value();
  return selector_matches(namespace_selector, labels_of(value.get()));
}

Answer<Webhooks::Outcome> Webhooks::call(Phase phase, const AdmissionRequest& request,
                                         bool namespaced) const {
  std::shared_ptr<const List> hooks;
  {
    MutexLock lock(mutex_);
    hooks = phase == Phase::Mutate ? mutating_ : validating_;
  }
  Outcome outcome;
  if (hooks->empty() || request.group == "admissionregistration.k8s.io") return outcome;
  AdmissionRequest next = request;
  for (const auto& hook : *hooks) {
    if (outcome.patched) next.object = &*outcome.patched;
    if (!selects(*hook, next, namespaced)) continue;
    const std::string effects = text_at(hook->object, "sideEffects");
    if (request.dry_run && effects != "None" && effects != "NoneOnDryRun")
      return refuse(
          bad_request(fmt::format("admission webhook \"{}\" does not support dry run", hook->name)));
    auto response = ask(*hook, next);
    Result<Json> patched = Json();
    if (response && phase == Phase::Mutate && next.object != nullptr && response->contains("patch"))
      patched = patch_of(*response, *next.object);
    if (!response || !patched) {
      const std::string why = response ? patched.error().message : response.error().message;
      if (hook->ignore_failure) {
        log::warn("an admission webhook failed and is passed over", {{"webhook", hook->name}, {"why", why}});
        continue;
      }
      return refuse(
          internal_error(fmt::format("failed calling webhook \"{}\": failed to call webhook: Post \"{}\": {}",
                                     hook->name, hook->url, why)));
    }
    for (const Json& warning : response->value("warnings", Json::array()))
      if (warning.is_string()) outcome.warnings.push_back(warning.get<std::string>());
    if (!(*response)["allowed"].get<bool>()) return refuse(denial(hook->name, *response));
    if (patched->is_object()) outcome.patched = std::move(*patched);
  }
  return outcome;
}

}  // namespace neoid::apiserver
