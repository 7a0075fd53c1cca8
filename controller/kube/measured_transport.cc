#include "controller/kube/measured_transport.h"

#include <chrono>
#include <utility>
#include <vector>

namespace neoid::kube {
namespace {

std::vector<std::string> segments(const std::string& target) {
  std::vector<std::string> parts;
  const std::string path = target.substr(0, target.find('?'));
  std::size_t begin = 1;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

class MeasuredTransport final : public Transport {
 public:
  MeasuredTransport(std::shared_ptr<Transport> below, MetricsRegistry& metrics)
      : below_(std::move(below)), metrics_(metrics) {}

  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    const RequestLabels labels = labels_of(request.method, request.target);
    const auto start = std::chrono::steady_clock::now();
    auto answer = below_->send(request);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    metrics_.histogram(metric::kApiSeconds, {labels.verb, labels.resource}).observe(took);
    const std::string code = answer ? std::to_string(answer->status) : "none";
    metrics_.counter(metric::kApiRequests, {labels.verb, labels.resource, code}).add();
    return answer;
  }

  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) override {
    return below_->stream(request, on_chunk, std::move(stop));
  }

 private:
  const std::shared_ptr<Transport> below_;
  MetricsRegistry& metrics_;
};

}  // namespace

RequestLabels labels_of(const std::string& method, const std::string& target) {
  const std::vector<std::string> parts = segments(target);
  std::size_t at = parts.empty() ? 0 : parts[0] == "api" ? 2 : parts[0] == "apis" ? 3 : parts.size();
  // "namespaces/NAME/PLURAL" is in a namespace; "namespaces/NAME" is the namespace itself.
  if (at + 2 < parts.size() && parts[at] == "namespaces") at += 2;
  RequestLabels labels;
  if (at < parts.size()) labels.resource = parts[at];
  const bool named = at + 1 < parts.size();
  if (method == "POST")
    labels.verb = "create";
  else if (method == "PUT")
    labels.verb = "update";
  else if (method == "PATCH")
    labels.verb = "patch";
  else if (method == "DELETE")
    labels.verb = "delete";
  else
    labels.verb = named || labels.resource.empty() ? "get" : "list";
  return labels;
}

std::shared_ptr<Transport> measured(std::shared_ptr<Transport> transport, MetricsRegistry& metrics) {
  return std::make_shared<MeasuredTransport>(std::move(transport), metrics);
}

}  // namespace neoid::kube
