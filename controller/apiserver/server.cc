#include "controller/apiserver/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <span>
#include <thread>

#include "controller/apiserver/auth/builtin_roles.h"
#include "controller/apiserver/auth/escalation.h"
#include "controller/apiserver/controllers.h"
#include "controller/apiserver/decode.h"
#include "controller/apiserver/router.h"
#include "controller/apiserver/write.h"
#include "controller/base/log.h"

namespace neoid::apiserver {
namespace {

auth::UserInfo system_user() {
  auth::UserInfo user;
  user.name = "system:apiserver";
  user.groups = {std::string(auth::kMastersGroup)};
  return user;
}

auth::Attributes attributes_of(const PathInfo& path) {
  auth::Attributes attributes;
  attributes.verb = path.verb;
  if (!path.is_resource) {
    attributes.path = path.path;
    return attributes;
  }
  attributes.api_group = path.group;
  attributes.resource = path.resource;
  attributes.subresource = path.subresource;
  attributes.ns = path.ns;
  attributes.name = path.name;
  return attributes;
}

ApiError refusal(const PathInfo& path, std::string message) {
  ApiError error{403, "Forbidden", std::move(message), Json::object()};
  if (!path.is_resource) return error;
  if (!path.name.empty()) error.details["name"] = path.name;
  if (!path.group.empty()) error.details["group"] = path.group;
  error.details["kind"] = path.resource;
  return error;
}

bool is_escaped_well(std::string_view text) {
  return text.find('%') == std::string_view::npos || http::percent_decode(text).has_value();
}

http::Response bad_path() {
  http::Response response;
  response.status = 400;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = "400 Bad Request";
  return response;
}

std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

// Go drops the parameters of a query that it cannot read, and those with a semicolon.
bool is_readable(std::string_view parameter) {
  return parameter.find(';') == std::string_view::npos && is_escaped_well(parameter);
}

bool needs_clean_query(std::string_view target) { return !is_readable(query_of(target)); }

std::vector<std::pair<std::string, std::string>> clean_query(std::string_view target) {
  std::string kept;
  std::string_view rest = query_of(target);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view parameter = rest.substr(0, end);
    if (is_readable(parameter)) kept.append(kept.empty() ? "" : "&").append(parameter);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return http::parse_query(kept);
}

std::vector<Json> cluster_objects() {
  std::vector<Json> objects;
  for (const char* name : {"kube-system", "default", "kube-public", "kube-node-lease"})
    objects.push_back({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
  for (const Json& object : auth::builtin_rbac_objects()) objects.push_back(object);
  return objects;
}

}  // namespace

class ApiServer::Impl {
 public:
  Impl(ApiServerOptions options, Clock& clock, std::unique_ptr<storage::ApiStorage> storage)
      : options_(std::move(options)),
        storage_(std::move(storage)),
        authenticator_(auth::Authenticator::Options{options_.anonymous}),
        authorizer_(std::make_shared<const auth::Rbac>(auth::RbacObjects{})),
        webhooks_(*storage_),
        core_{*storage_,
              registry_,
              authenticator_,
              authorizer_,
              clock,
              options_.admission,
              webhooks_,
              [this](const Change& change) {
                if (ready_) controllers_.note(change);  // before, load() will read it all
              }},
        controllers_(core_, clock),
        router_(core_, options_.git_version) {}

  Result<void> prepare() {
    if (!options_.token_file_text.empty()) {
      NEOID_TRY(std::vector<auth::TokenEntry> tokens, auth::parse_token_file(options_.token_file_text));
      authenticator_.add_tokens(tokens);
      options_.token_file_text.clear();
    }
    std::vector<Json> objects = cluster_objects();
    objects.insert(objects.end(), options_.bootstrap.begin(), options_.bootstrap.end());
    options_.bootstrap.clear();
    // Namespaces first: others live in them.
    const auto others = std::stable_partition(objects.begin(), objects.end(), [](const Json& object) {
      return object.value("kind", "") == "Namespace";
    });
    const auto namespaces = static_cast<std::size_t>(others - objects.begin());
    const std::span<const Json> all(objects);
    NEOID_TRY_VOID(make_sure_of(all.first(namespaces)));
    NEOID_TRY_VOID(make_sure_of(all.subspan(namespaces)));
    controllers_.load();
    ready_ = true;
    controllers_.start();
    return {};
  }

  http::Response handle(const http::Request& request) {
    if (!is_escaped_well(request.path)) return bad_path();
    try {
      if (!needs_clean_query(request.target)) return answer(request);
      http::Request clean = request;
      clean.query = clean_query(request.target);
      return answer(clean);
    } catch (const std::exception& error) {
      log::error("a request could not be answered",
                 {{"method", request.method}, {"path", request.path}, {"why", error.what()}});
      return to_response(internal_error("the request could not be answered"));
    }
  }

  http::Response answer(const http::Request& request) {
    auto user = authenticate(request);
    if (!user) return to_response(user.error());
    PathInfo path = read_path(request);
    const auth::Attributes attributes = attributes_of(path);
    const auth::Decision decision = authorizer_.authorize(*user, attributes);
    if (!decision.allowed)
      return to_response(refusal(path, auth::forbidden_message(*user, attributes, decision.reason)));
    return router_.route(request, std::move(path), std::move(*user));
  }

  Result<void> start() {
    http::ServerOptions listen;
    listen.host = options_.host;
    listen.port = options_.port;
    listen.tls = options_.tls;
    listen.limits = options_.limits;
    NEOID_TRY(listener_, http::Server::listen(std::move(listen), [this](const http::Request& request) {
                return handle(request);
              }));
    return {};
  }

  void stop(std::chrono::milliseconds grace) {
    if (listener_) listener_->stop(grace);
    controllers_.stop();
  }

  int port() const { return listener_ ? listener_->port() : 0; }
  auth::Authenticator& authenticator() { return authenticator_; }
  storage::ApiStorage& storage() { return *storage_; }

  std::string cluster_id() const {
    const auto stored = storage_->get({"namespaces", "", "kube-system"});
    return stored ? (*stored->value())["metadata"].value("uid", "") : "";
  }

 private:
  Answer<auth::UserInfo> authenticate(const http::Request& request) {
    auth::Presented presented;
    presented.authorization = request.header("Authorization");
    presented.common_name = request.peer.common_name;
    presented.organizations = &request.peer.organizations;
    auto user = authenticator_.authenticate(presented);
    if (!user) return refuse(unauthorized());
    std::vector<std::pair<std::string, std::string>> headers;
    for (const auto& [name, value] : request.headers)
      if (name.size() > 12 && http::equal_ignoring_case(std::string_view(name).substr(0, 12), "Impersonate-"))
        headers.emplace_back(name, value);
    if (headers.empty()) return std::move(*user);
    auto wanted = auth::read_impersonation(headers);
    if (!wanted) return refuse(internal_error(wanted.error().message));
    if (!*wanted) return std::move(*user);
    auto other = auth::impersonate(*authorizer_.snapshot(), *user, **wanted);
    if (!other) return refuse(ApiError{403, "Forbidden", other.error().message, Json::object()});
    return std::move(*other);
  }

  // Many at once, so that they share their waits for the disk. The first error, if any.
  Result<void> make_sure_of(std::span<const Json> objects) {
    constexpr std::size_t kWriters = 16;
    std::atomic<std::size_t> next = 0;
    std::vector<Result<void>> results(objects.size());
    {
      std::vector<std::jthread> writers;
      for (std::size_t i = 0; i < std::min(kWriters, objects.size()); ++i)
        writers.emplace_back([&] {
          for (std::size_t at = next++; at < objects.size(); at = next++)
            results[at] = make_sure(objects[at]);
        });
    }
    for (Result<void>& result : results) NEOID_TRY_VOID(std::move(result));
    return {};
  }

  // Creates the object unless there is one of its name.
  Result<void> make_sure(const Json& object) {
    const std::string api_version = object.value("apiVersion", "");
    const std::size_t slash = api_version.find('/');
    const std::string group = slash == std::string::npos ? "" : api_version.substr(0, slash);
    const ResourceRef resource = registry_.snapshot()->find_kind(group, object.value("kind", ""));
    const std::string name = object.value("metadata", Json::object()).value("name", "");
    if (!resource)
      return fail(ErrorKind::Invalid,
                  fmt::format("no kind {} is served in {}", object.value("kind", ""), api_version));
    http::Request request;
    request.method = "POST";
    request.headers.add("User-Agent", "kube-apiserver");
    Call call{request, {}, system_user(), resource};
    call.path.verb = "create";
    if (resource->namespaced) call.path.ns = object["metadata"].value("namespace", "default");
    if (storage_->get(resource->key(call.path.ns, name))) return {};
    auto decoded = complete_object(*resource, object);
    if (!decoded) return fail(wrap(fmt::format("{} {}", resource->kind, name), decoded.error()));
    const auto written = create_object(core_, call, std::move(decoded->object), {});
    if (!written && written.error().code != 409)
      return fail(ErrorKind::Invalid,
                  fmt::format("{} {}: {}", resource->kind, name, written.error().message));
    return {};
  }

  ApiServerOptions options_;
  std::unique_ptr<storage::ApiStorage> storage_;
  Registry registry_;
  auth::Authenticator authenticator_;
  auth::Authorizer authorizer_;
  Webhooks webhooks_;
  Core core_;
  Controllers controllers_;
  Router router_;
  bool ready_ = false;  // set once, before the first request
  std::unique_ptr<http::Server> listener_;
};

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<ApiServer>> ApiServer::open(ApiServerOptions options, Clock& clock) {
  NEOID_TRY(auto storage, storage::ApiStorage::open(options.data, options.storage));
  auto impl = std::make_unique<Impl>(std::move(options), clock, std::move(storage));
  NEOID_TRY_VOID(impl->prepare());
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

Result<void> ApiServer::start() { return impl_->start(); }
int ApiServer::port() const { return impl_->port(); }
void ApiServer::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }
http::Response ApiServer::handle(const http::Request& request) { return impl_->handle(request); }
auth::Authenticator& ApiServer::authenticator() { return impl_->authenticator(); }
storage::ApiStorage& ApiServer::storage() { return impl_->storage(); }
std::string ApiServer::cluster_id() const { return impl_->cluster_id(); }

}  // namespace neoid::apiserver
