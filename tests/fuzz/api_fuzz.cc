// Any bytes as an HTTP request of an administrator to the embedded API: head, path, query, selectors, continue tokens,
// bodies in JSON, YAML and protobuf, patches. Nothing is stored: every write is a dry run.
//
// No bytes crash it or make a handler throw; every answer has a status and, where it says that it is JSON, is JSON.
//   fuzz_api tests/fuzz/corpus/api
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "controller/apiserver/server.h"
#include "controller/base/log.h"
#include "controller/http/request_head.h"
#include "reconcile/base/check.h"
#include "reconcile/value/json_text.h"

namespace neoid {
namespace {

constexpr std::size_t kMaxFuzzBytes = 20'000;

// One server for all inputs, with a custom kind and an object of each sort in it.
class FuzzServer {
 public:
  FuzzServer() {
    log::Options quiet;
    quiet.sink = [](std::string_view) {};
    log::configure(quiet);
    std::string name = (std::filesystem::temp_directory_path() / "neoid-fuzz-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    apiserver::ApiServerOptions options;
    options.data = folder_;
    options.token_file_text = "admintoken,admin,admin,\"system:masters\"\n";
    auto opened = apiserver::ApiServer::open(std::move(options), clock_);
    NEOID_CHECK(opened.has_value());
    server_ = std::move(*opened);
    post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kCrd);
    post(
        "/apis/example.com/v1/namespaces/default/widgets",
        R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":3,"names":["a"]}})");
    post("/api/v1/namespaces/default/configmaps",
         R"({"metadata":{"name":"m","labels":{"a":"b"}},"data":{"k":"v"}})");
    post("/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"s"},"stringData":{"k":"v"}})");
  }
  ~FuzzServer() {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  http::Response handle(http::Request request) {
    request.headers.set("Authorization", "Bearer admintoken");
    return server_->handle(request);
  }
  storage::Revision revision() const { return server_->storage().revision(); }

 private:
  static constexpr const char* kCrd =
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
      "names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","served":true,"storage":true,
      "subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
      "spec":{"type":"object","properties":{"size":{"type":"integer","minimum":1,"default":3},
        "names":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"},
        "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
          "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},
          "size":{"type":"integer"}}}}},
        "x-kubernetes-validations":[{"rule":"!has(self.names) || self.names.size() < 9"}]},
      "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}}}]}})";

  void post(const std::string& path, std::string body) {
    http::Request request;
    request.method = "POST";
    request.target = request.path = path;
    request.body = std::move(body);
    NEOID_CHECK(handle(std::move(request)).status == 201);
  }

  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<apiserver::ApiServer> server_;
};

FuzzServer& fuzz_server() {
  static FuzzServer server;
  return server;
}

// A read of a version that is still to come waits for it, which is fine and slow.
bool waits(const http::Request& request, storage::Revision now) {
  const std::string_view text = request.find_query("resourceVersion").value_or("");
  storage::Revision wanted = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), wanted);
  return read.ec != std::errc() ? !text.empty() && text.size() > 15 : wanted > now;
}

void fuzz_api(std::string_view bytes) {
  if (bytes.size() > kMaxFuzzBytes) return;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  auto head = http::parse_request_head(bytes.substr(0, end + 4), {});
  if (!head) {
    NEOID_CHECK(head.error().status >= 400 && head.error().status < 600 && !head.error().message.empty());
    return;
  }
  http::Request request = std::move(head->request);
  request.body = bytes.substr(end + 4);
  FuzzServer& server = fuzz_server();
  if (waits(request, server.revision())) return;
  if (request.method != "GET") {
    request.target += request.target.find('?') == std::string::npos ? "?dryRun=All" : "&dryRun=All";
    std::erase_if(request.query, [](const auto& parameter) { return parameter.first == "dryRun"; });
    request.query.emplace_back("dryRun", "All");
  }
  const http::Response response = server.handle(std::move(request));
  NEOID_CHECK(response.status >= 200 && response.status < 600);
  NEOID_CHECK(response.body.find("the request could not be answered") ==
              std::string::npos);  // something was thrown
  if (response.headers.get("Content-Type") == "application/json" && !response.stream)
    NEOID_CHECK(parse_json(response.body).has_value());
}

}  // namespace
}  // namespace neoid

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  neoid::fuzz_api({reinterpret_cast<const char*>(data), size});
  return 0;
}
