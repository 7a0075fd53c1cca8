// A server in process: no socket, a folder of its own, requests as method, path and body.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "controller/apiserver/server.h"
#include "reconcile/value/json.h"

namespace neoid::apiserver {

struct Reply {
  int status = 0;
  Json body;
  http::Headers headers;
  std::string text;
};

class TestServer {
 public:
  explicit TestServer(Admission admission = {}, storage::StorageOptions storage = {});
  ~TestServer();

  Reply send(const std::string& method, const std::string& target, const Json& body = nullptr,
             http::Headers headers = {});
  Reply get(const std::string& target, http::Headers headers = {}) {
    return send("GET", target, nullptr, headers);
  }
  Reply post(const std::string& target, const Json& body) { return send("POST", target, body); }
  Reply merge(const std::string& target, const Json& patch);
  // The events of a watch that ends by itself.
  std::vector<Json> watch(const std::string& target);
  // Asks until the answer has the status or ten seconds are over: for what controllers do soon.
  Reply get_until(const std::string& target, int status);

  // Opens the same folder anew, as after a restart.
  void restart();
  ApiServer& server() { return *server_; }

 private:
  void open();

  Admission admission_;
  storage::StorageOptions storage_;
  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<ApiServer> server_;
};

// A namespaced kind Widget of example.com/v1 with status, and spec.size from 1 to 100, 3 by default.
Json widget_crd();
Json widget(const std::string& name, const Json& spec = Json::object());
Json config_map(const std::string& name, const Json& data = Json::object());
inline const std::string kWidgets = "/apis/example.com/v1/namespaces/default/widgets";
inline const std::string kMaps = "/api/v1/namespaces/default/configmaps";

}  // namespace neoid::apiserver
