// ApiServer: the embedded Kubernetes-compatible API, in one object.
//
// Flow: a request is authenticated, perhaps impersonated, authorised by RBAC, routed by its path, and answered
// by a verb over the storage; controllers of its own accept CRDs, empty namespaces, collect garbage, aggregate
// cluster roles and let events expire.
// Guarantees: what was answered is durable; a request sees every write that was answered before it came.
// Assumptions: one server a data folder. Failure: whatever goes wrong inside is a 500 without its text.
// handle() is thread-safe and needs no socket; start() and stop() belong to the owner. Start order: storage,
// roles, CRDs, controllers, listener; stop order is the reverse, so that a request never meets half a server.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/apiserver/admission.h"
#include "controller/apiserver/auth/authenticator.h"
#include "controller/apiserver/storage/storage.h"
#include "controller/base/clock.h"
#include "controller/http/server.h"

namespace neoid::apiserver {

struct ApiServerOptions {
  std::filesystem::path data;  // the folder of the storage
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any
  std::optional<http::TlsOptions> tls = std::nullopt;
  http::ServerLimits limits = {};
  std::string token_file_text = {};  // the text of a --token-auth-file; empty: none
  bool anonymous = true;
  Admission admission = {};
  // Created at the start where they are missing, each a whole object: CRDs, RBAC, namespaces.
  std::vector<Json> bootstrap = {};
  storage::StorageOptions storage = {};
  std::string git_version = "v1.26.5";  // what /version says: the behaviour that is served
};

class ApiServer {
 public:
  // Opens the storage and makes what every cluster has. Borrows the clock. Errors: those of
  // ApiStorage::open; Invalid: the token file, an object of `bootstrap`.
  static Result<std::unique_ptr<ApiServer>> open(ApiServerOptions options, Clock& clock);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // Listens. Errors: those of http::Server::listen.
  Result<void> start();
  int port() const;  // after start()
  // Lets running requests finish within `grace`.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(1));

  http::Response handle(const http::Request& request);

  auth::Authenticator& authenticator();
  storage::ApiStorage& storage();
  // UID of the namespace kube-system: the cluster's identity.
  std::string cluster_id() const;

 private:
  class Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace neoid::apiserver
