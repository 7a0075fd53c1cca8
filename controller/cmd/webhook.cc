#include "controller/cmd/webhook.h"

#include <arpa/inet.h>

#include <utility>

#include "controller/admission/certificates.h"
#include "controller/base/file.h"
#include "controller/base/log.h"
#include "controller/cmd/around.h"
#include "controller/cmd/flags.h"
#include "controller/cmd/health.h"
#include "controller/http/certificate_keeper.h"
#include "controller/kube/kubeconfig.h"
#include "controller/kube/service_account.h"

namespace neoid::cmd {
namespace {

Result<kube::ObjectName> parse_name(const std::string& flag_name, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string::npos)
    return fail(ErrorKind::Invalid, flag_name + " '" + text + "' is not NAMESPACE/NAME");
  return kube::ObjectName{text.substr(0, slash), text.substr(slash + 1)};
}

bool is_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

Result<admission::OwnCertificateOptions> certificate_options(const WebhookFlags& flags) {
  admission::OwnCertificateOptions options;
  NEOID_TRY(options.secret, parse_name("--webhook-secret", flags.secret));
  NEOID_TRY(const kube::ObjectName service, parse_name("--webhook-service", flags.service));
  options.configuration = flags.configuration;
  // The first is what a kube-apiserver asks for.
  const std::string name = service.name + "." + service.ns + ".svc";
  options.dns_names = {name, name + ".cluster.local", service.name + "." + service.ns};
  for (const std::string& host : flags.hosts)
    (is_address(host) ? options.ip_addresses : options.dns_names).push_back(host);
  return options;
}

// The user of the pod's own service account; none outside of a pod.
std::vector<std::string> own_users() {
  auto text = read_file(kube::process_environment().service_account + "/token");
  if (!text) return {};
  const Secret token(std::move(*text));
  const auto user = kube::service_account_user(token.reveal());
  return user ? std::vector<std::string>{*user} : std::vector<std::string>();
}

}  // namespace

void add_webhook_flags(CLI::App& app, WebhookFlags& flags) {
  const auto list = [&app](const std::string& name, std::vector<std::string>& values,
                           const std::string& help) {
    app.add_option(name, values, help)->envname(variable_of(name))->allow_extra_args(false)->delimiter(',');
  };
  flag(app, "--webhook-listen", flags.listen, "HOST:PORT of the admission webhooks; none by default")
      ->group("Admission");
  flag(app, "--webhook-service", flags.service, "NAMESPACE/NAME of the Service that the API calls them by")
      ->group("Admission");
  list("--webhook-host", flags.hosts,
       "another name or address of theirs, for the certificate; may be repeated");
  flag(app, "--webhook-secret", flags.secret, "NAMESPACE/NAME of the Secret that keeps the certificate")
      ->group("Admission");
  flag(app, "--webhook-configuration", flags.configuration,
       "name of the two webhook configurations that get the caBundle")
      ->group("Admission");
  flag(app, "--webhook-cert-file", flags.certificate_file,
       "a certificate of your own (PEM); read again when it changes")
      ->group("Admission");
  flag(app, "--webhook-key-file", flags.key_file, "its private key")->group("Admission");
  list("--platform-user", flags.platform.users,
       "who else may create, change and delete system users; may be repeated");
  list("--platform-group", flags.platform.groups, "the same, a group; may be repeated");
}

Result<std::unique_ptr<RunningWebhook>> start_webhook(const WebhookFlags& flags, const kube::Client& client,
                                                      const reconcilers::Caches& caches, Clock& clock,
                                                      MetricsRegistry& metrics) {
  if (flags.listen.empty()) return std::unique_ptr<RunningWebhook>();
  NEOID_TRY(const HostPort where, parse_host_port(flags.listen));
  admission::WebhookOptions options;
  options.host = where.host;
  options.port = where.port;
  if (flags.certificate_file.empty() != flags.key_file.empty())
    return fail(ErrorKind::Invalid, "--webhook-cert-file and --webhook-key-file belong together");
  if (!flags.certificate_file.empty()) {
    options.certificate = [certificate = flags.certificate_file, key = flags.key_file] {
      return http::read_certificate_files(certificate, key);
    };
  } else {
    NEOID_TRY(admission::OwnCertificateOptions own, certificate_options(flags));
    options.certificate = [certificates = std::make_shared<admission::OwnCertificates>(
                               client, clock, std::move(own))] { return certificates->pass(); };
  }
  auto running = std::make_unique<RunningWebhook>();
  admission::JudgeOptions judge;
  judge.platform = flags.platform;
  judge.own_users = own_users();
  judge.around = [&caches](const policy::AdmissionFacts& facts) { return around(caches, facts); };
  running->judge = std::make_unique<admission::Judge>(std::move(judge));
  NEOID_TRY(running->server, admission::Webhook::start(std::move(options), *running->judge, clock, metrics));
  log::info("admission webhooks", {{"port", std::to_string(running->server->port())}});
  return running;
}

}  // namespace neoid::cmd
