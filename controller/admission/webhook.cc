#include "controller/admission/webhook.h"

#include <utility>

#include "controller/admission/review.h"
#include "controller/base/metric_table.h"

namespace neoid::admission {
namespace {

constexpr std::size_t kBodyBytes = std::size_t{8}
                                   << 20;  // two objects of the server's own limit, and what is around

http::Response plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text) + "\n", nullptr};
}

http::Response review(std::string text) {
  return {200, {{"Content-Type", "application/json"}}, std::move(text), nullptr};
}

std::string_view outcome_of(const http::Response& response) {
  if (response.status != 200) return "malformed";
  return response.body.find("\"allowed\":false") == std::string::npos ? "allowed" : "refused";
}

}  // namespace

http::Response Webhook::answer(const Judge& judge, const http::Request& request) {
  const bool validates = request.path == "/validate";
  if (!validates && request.path != "/mutate") return plain(404, "there are /validate and /mutate");
  if (request.method != "POST") return plain(405, "an AdmissionReview comes by POST");
  const auto read = Review::read(request.body);
  if (!read) return plain(400, read.error().message);
  const Request asked = read->request();
  if (validates) return review(answer_text(read->uid(), judge.validate(asked)));
  const auto patched = judge.mutate(asked);
  static const Json kNothing;
  const Json& object = asked.facts.object == nullptr ? kNothing : *asked.facts.object;
  return review(patch_text(read->uid(), object, patched ? &*patched : nullptr));
}

Webhook::~Webhook() {
  keeper_.reset();
  if (server_) server_->stop(std::chrono::seconds(5));
}

Result<std::unique_ptr<Webhook>> Webhook::start(WebhookOptions options, const Judge& judge, Clock& clock,
                                                MetricsRegistry& metrics) {
  NEOID_TRY(http::Identity identity, options.certificate());
  const auto note =
      [expiry = metrics.gauge(metric::kWebhookCertificateExpiry)](const http::Identity& served) mutable {
        if (const auto info = http::read_certificate(served.certificate_pem))
          expiry.set(std::chrono::duration<double>(info->not_after.time_since_epoch()).count());
      };
  auto tell = note;
  tell(identity);
  http::ServerOptions server;
  server.host = options.host;
  server.port = options.port;
  server.limits.body_bytes = kBodyBytes;
  server.tls = http::TlsOptions{identity, ""};
  const auto handler = [&judge, &clock, &metrics](const http::Request& request) {
    const SteadyTime begin = clock.steady_now();
    http::Response response = answer(judge, request);
    const std::string_view hook = request.path == "/mutate" ? "mutate" : "validate";
    metrics.counter(metric::kAdmissionRequests, {hook, outcome_of(response)}).add();
    metrics.histogram(metric::kAdmissionSeconds, {hook})
        .observe(std::chrono::duration<double>(clock.steady_now() - begin).count());
    return response;
  };
  std::unique_ptr<Webhook> webhook(new Webhook());
  NEOID_TRY(webhook->server_, http::Server::listen(std::move(server), handler));
  webhook->keeper_ = std::make_unique<http::CertificateKeeper>(
      *webhook->server_, std::move(identity),
      http::CertificateKeeperOptions{"the webhook's certificate", std::move(options.certificate), note,
                                     options.certificate_interval},
      clock);
  return webhook;
}

}  // namespace neoid::admission
