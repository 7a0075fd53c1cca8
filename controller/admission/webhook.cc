#include "controller/admission/webhook.h"

#include <utility>

#include "controller/admission/review.h"
#include "controller/base/log.h"
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

Webhook::Webhook(WebhookOptions options, Clock& clock, MetricsRegistry& metrics)
    : options_(std::move(options)),
      clock_(clock),
      expiry_(metrics.gauge(metric::kWebhookCertificateExpiry)) {}

Webhook::~Webhook() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (server_) server_->stop(std::chrono::seconds(5));
}

Result<std::unique_ptr<Webhook>> Webhook::start(WebhookOptions options, const Judge& judge, Clock& clock,
                                                MetricsRegistry& metrics) {
  std::unique_ptr<Webhook> webhook(new Webhook(std::move(options), clock, metrics));
  NEOID_TRY(http::Identity identity, webhook->options_.certificate());
  webhook->note(identity);
  http::ServerOptions server;
  server.host = webhook->options_.host;
  server.port = webhook->options_.port;
  server.limits.body_bytes = kBodyBytes;
  server.tls = http::TlsOptions{std::move(identity), ""};
  const auto handler = [&judge, &clock, &metrics](const http::Request& request) {
    const SteadyTime begin = clock.steady_now();
    http::Response response = answer(judge, request);
    const std::string_view hook = request.path == "/mutate" ? "mutate" : "validate";
    metrics.counter(metric::kAdmissionRequests, {hook, outcome_of(response)}).add();
    metrics.histogram(metric::kAdmissionSeconds, {hook})
        .observe(std::chrono::duration<double>(clock.steady_now() - begin).count());
    return response;
  };
  NEOID_TRY(webhook->server_, http::Server::listen(std::move(server), handler));
  Webhook* self = webhook.get();
  webhook->thread_ = std::jthread([self](std::stop_token stop) { self->look_after_certificate(stop); });
  return webhook;
}

std::string Webhook::problem() const {
  MutexLock lock(mutex_);
  return problem_;
}

void Webhook::note(const http::Identity& identity) {
  served_pem_ = identity.certificate_pem;
  if (const auto info = http::read_certificate(identity.certificate_pem))
    expiry_.set(std::chrono::duration<double>(info->not_after.time_since_epoch()).count());
}

void Webhook::look_after_certificate(std::stop_token stop) {
  while (clock_.sleep_for(options_.certificate_interval, stop)) {
    auto identity = options_.certificate();
    std::string problem;
    if (!identity) {
      problem = "the webhook's certificate: " + identity.error().describe();
    } else if (identity->certificate_pem != served_pem_) {
      if (auto replaced = server_->replace_tls({*identity, ""}); replaced)
        note(*identity);
      else
        problem = "the webhook's certificate: " + replaced.error().describe();
    }
    MutexLock lock(mutex_);
    if (!problem.empty() && problem != problem_)
      log::warn("the webhook keeps its certificate", {{"why", problem}});
    problem_ = std::move(problem);
  }
}

}  // namespace neoid::admission
