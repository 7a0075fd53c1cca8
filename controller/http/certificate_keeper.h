// CertificateKeeper: a server's certificate is replaced while it serves, whenever its source has another one.
//
// Flow: every interval ask the source; if certificate or key are not those that are served, Server::replace_tls.
// Guarantees: no connection is closed. While the source has none, or one that does not do (half of a pair was written),
// what was served stays, problem() says why, and one line of the log for each cause. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/http/server.h"

namespace neoid::http {

struct CertificateKeeperOptions {
  std::string what;                          // "the webhook's certificate": begins every problem
  std::function<Result<Identity>()> source;  // asked by one thread at a time
  std::function<void(const Identity&)> served = [](const Identity&) {
  };  // told of each that is served from now on
  Duration interval = std::chrono::seconds(10);
};

class CertificateKeeper {
 public:
  // `first` is what the server has. Borrows server and clock for its life.
  CertificateKeeper(Server& server, Identity first, CertificateKeeperOptions options, Clock& clock);
  ~CertificateKeeper();
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  // Empty: all is well.
  std::string problem() const NEOID_EXCLUDES(mutex_);

 private:
  std::string look();  // the problem

  Server& server_;
  Identity served_;  // of the thread
  const CertificateKeeperOptions options_;
  Clock& clock_;
  mutable Mutex mutex_;
  std::string problem_ NEOID_GUARDED_BY(mutex_);
  std::jthread thread_;
};

// A source: two PEM files. Errors: Invalid, with the file: cannot be read, is none, key and certificate do not belong
// together.
Result<Identity> read_certificate_files(const std::string& certificate_file, const std::string& key_file);

}  // namespace neoid::http
