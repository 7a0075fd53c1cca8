// The embedded API in a process of its own, behind TLS, for tests of the real controller against it.
//
//     crash_api_server FOLDER
//
// Serves on any port of 127.0.0.1 with what FOLDER/api holds, for the token `test-token` (group system:masters), and
// writes FOLDER/ca.pem and FOLDER/proxy.pem (certificate and key for a proxy in front of it). Prints the port when it
// serves; ends at SIGTERM or with its parent.
#include <signal.h>
#include <sys/prctl.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "controller/apiserver/server.h"
#include "controller/base/process.h"
#include "reconcile/api/embedded.h"
#include "reconcile/value/yaml.h"

namespace {

using namespace neoid;
using namespace std::chrono_literals;

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

int serve(const std::filesystem::path& folder) {
  SystemClock clock;
  // Wide: some tests move the clock of the controller.
  const Instant now = clock.now();
  const auto ca = http::make_ca("crash", now - 24h * 400, now + 24h * 400);
  http::CertificateOptions options;
  options.common_name = "crash";
  options.ip_addresses = {"127.0.0.1"};
  options.not_before = now - 24h * 400;
  options.not_after = now + 24h * 400;
  const auto certificate = http::make_certificate(*ca, options);
  apiserver::ApiServerOptions api;
  api.data = folder / "api";
  api.tls = http::TlsOptions{*certificate, ca->certificate_pem};
  api.token_file_text = "test-token,platform,platform,\"system:masters\"\n";
  for (const api::EmbeddedFile& file : api::embedded_crd())
    api.bootstrap.push_back(parse_yaml(file.text).value());
  for (const char* name : {"apps", "neoid-system"})
    api.bootstrap.push_back({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
  auto server = apiserver::ApiServer::open(std::move(api), clock);
  if (!server) {
    std::cerr << server.error().describe() << '\n';
    return 1;
  }
  if (auto started = (*server)->start(); !started) {
    std::cerr << started.error().describe() << '\n';
    return 1;
  }
  const std::string port = std::to_string((*server)->port());
  write(folder / "ca.pem", ca->certificate_pem);
  write(folder / "proxy.pem", certificate->certificate_pem + std::string(certificate->key_pem.reveal()));
  std::cout << port << std::endl;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->stop(0ms);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "crash_api_server FOLDER\n";
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  neoid::ignore_broken_pipes();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return serve(argv[1]);
}
