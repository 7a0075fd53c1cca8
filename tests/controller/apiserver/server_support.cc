#include "tests/controller/apiserver/server_support.h"

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

// Collects what a stream writes; waits in real time, as a peer does.
class CollectingStream final : public http::Stream {
 public:
  bool write(std::string_view chunk) override {
    text += chunk;
    return true;
  }
  bool wait(std::chrono::milliseconds duration) override {
    std::this_thread::sleep_for(duration);
    return true;
  }
  std::stop_token stop_token() const override { return source_.get_token(); }
  std::string text;

 private:
  std::stop_source source_;
};

http::Request make_request(const std::string& method, const std::string& target, const Json& body,
                           http::Headers headers) {
  http::Request request;
  request.method = method;
  request.target = target;
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = http::parse_query(std::string_view(target).substr(mark + 1));
  request.headers = std::move(headers);
  if (!request.headers.find("Authorization")) request.headers.add("Authorization", "Bearer admintoken");
  if (!body.is_null()) request.body = body.is_string() ? body.get<std::string>() : to_json(body);
  return request;
}

}  // namespace

TestServer::TestServer(Admission admission, storage::StorageOptions storage)
    : admission_(std::move(admission)), storage_(storage) {
  char name[] = "/tmp/neoid-api-XXXXXX";
  folder_ = mkdtemp(name);
  open();
}

TestServer::~TestServer() {
  server_.reset();
  std::filesystem::remove_all(folder_);
}

void TestServer::open() {
  ApiServerOptions options;
  options.data = folder_;
  options.admission = admission_;
  options.storage = storage_;
  options.token_file_text =
      "admintoken,admin,admin,\"system:masters\"\ntenanttoken,tenant,tenant,\"tenants\"\n";
  auto opened = ApiServer::open(std::move(options), clock_);
  if (!opened) throw std::runtime_error(opened.error().describe());
  server_ = std::move(*opened);
}

void TestServer::restart() {
  server_.reset();
  open();
}

Reply TestServer::send(const std::string& method, const std::string& target, const Json& body,
                       http::Headers headers) {
  const http::Response response = server_->handle(make_request(method, target, body, std::move(headers)));
  Reply reply{response.status, nullptr, response.headers, response.body};
  if (auto parsed = parse_json(response.body)) reply.body = std::move(*parsed);
  return reply;
}

Reply TestServer::merge(const std::string& target, const Json& patch) {
  return send("PATCH", target, patch, {{"Content-Type", "application/merge-patch+json"}});
}

std::vector<Json> TestServer::watch(const std::string& target) {
  const http::Response response = server_->handle(make_request("GET", target, nullptr, {}));
  CollectingStream stream;
  if (response.stream) response.stream(stream);
  std::vector<Json> events;
  std::string_view rest = stream.text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (auto event = parse_json(rest.substr(0, end))) events.push_back(std::move(*event));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return events;
}

Reply TestServer::get_until(const std::string& target, int status) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (true) {
    Reply reply = get(target);
    if (reply.status == status || std::chrono::steady_clock::now() > end) return reply;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Json widget_crd() {
  return Json::parse(R"({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
      "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
          "spec": {"type": "object", "default": {}, "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 3}}},
          "status": {"type": "object", "properties": {"phase": {"type": "string"}}}}}}}]}})");
}

Json widget(const std::string& name, const Json& spec) {
  return {
      {"apiVersion", "example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", name}}}, {"spec", spec}};
}

Json config_map(const std::string& name, const Json& data) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", data}};
}

}  // namespace neoid::apiserver
