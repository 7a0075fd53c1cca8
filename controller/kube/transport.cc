#include "controller/kube/transport.h"

#include <utility>

#include "controller/kube/kubeconfig.h"

namespace neoid::kube {
namespace {

// Adds who we are to every request.
class HttpTransport final : public Transport {
 public:
  HttpTransport(std::unique_ptr<http::Client> client, http::Headers headers,
                std::shared_ptr<TokenSource> tokens)
      : client_(std::move(client)), headers_(std::move(headers)), tokens_(std::move(tokens)) {}

  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    http::ClientRequest signed_request = request;
    NEOID_TRY_VOID(sign(signed_request));
    auto answer = client_->send(signed_request);
    cleanse(signed_request.body);
    note(answer);
    return answer;
  }

  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) override {
    http::ClientRequest signed_request = request;
    NEOID_TRY_VOID(sign(signed_request));
    auto answer = client_->stream(signed_request, on_chunk, std::move(stop));
    note(answer);
    return answer;
  }

 private:
  Result<void> sign(http::ClientRequest& request) {
    for (const auto& [name, value] : headers_) request.headers.add(name, value);
    if (!tokens_) return {};
    NEOID_TRY(const Secret token, tokens_->token());
    if (!token.empty()) request.headers.set("Authorization", "Bearer " + std::string(token.reveal()));
    return {};
  }

  void note(const Result<http::ClientResponse>& answer) {
    if (tokens_ && answer && answer->status == 401) tokens_->reject();
  }

  const std::unique_ptr<http::Client> client_;
  const http::Headers headers_;
  const std::shared_ptr<TokenSource> tokens_;
};

}  // namespace

Result<std::shared_ptr<Transport>> connect(const Access& access) {
  http::ClientOptions options;
  options.base_url = access.server;
  options.tls = access.tls;
  options.proxy_url = access.proxy_url;
  NEOID_TRY(auto client, http::Client::create(std::move(options)));
  return std::make_shared<HttpTransport>(std::move(client), access.headers, access.tokens);
}

}  // namespace neoid::kube
