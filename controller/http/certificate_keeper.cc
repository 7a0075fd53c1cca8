#include "controller/http/certificate_keeper.h"

#include <utility>

#include "controller/base/file.h"
#include "controller/base/log.h"
#include "controller/http/identity_check.h"

namespace neoid::http {

CertificateKeeper::CertificateKeeper(Server& server, Identity first, CertificateKeeperOptions options,
                                     Clock& clock)
    : server_(server), served_(std::move(first)), options_(std::move(options)), clock_(clock) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (clock_.sleep_for(options_.interval, stop)) {
      std::string problem = look();
      const MutexLock lock(mutex_);
      if (!problem.empty() && problem != problem_)
        log::warn("the certificate stays as it is", {{"why", problem}});
      problem_ = std::move(problem);
    }
  });
}

CertificateKeeper::~CertificateKeeper() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::string CertificateKeeper::look() {
  auto identity = options_.source();
  if (!identity) return options_.what + ": " + identity.error().describe();
  if (identity->certificate_pem == served_.certificate_pem && identity->key_pem == served_.key_pem) return {};
  if (auto replaced = server_.replace_tls({*identity, ""}); !replaced)
    return options_.what + ": " + replaced.error().describe();
  served_ = std::move(*identity);
  log::info("another certificate is served", {{"what", options_.what}});
  options_.served(served_);
  return {};
}

std::string CertificateKeeper::problem() const {
  const MutexLock lock(mutex_);
  return problem_;
}

Result<Identity> read_certificate_files(const std::string& certificate_file, const std::string& key_file) {
  Identity identity;
  NEOID_TRY(identity.certificate_pem, read_file(certificate_file));
  NEOID_TRY(std::string key, read_file(key_file));
  identity.key_pem = Secret(std::move(key));
  if (auto checked = check_identity(identity); !checked)
    return fail(wrap(certificate_file + " with " + key_file, checked.error()));
  return identity;
}

}  // namespace neoid::http
