// Session: one command on a cluster: the connection, what was typed, and waiting for what the controller does.
//
// Errors as in controller/kube/client.h. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/cli/output.h"
#include "controller/cli/store_commands.h"
#include "controller/kube/client.h"
#include "controller/kube/kubeconfig.h"
#include "reconcile/api/resource_key.h"

namespace neoid::cli {

// kubectl's own flags.
struct ClusterFlags {
  kube::ConnectionOptions connection;
  std::string ns;  // empty: that of the context
};

const kube::ResourceType& resource_type(api::Kind kind);

inline const kube::ResourceType kSecretType{"", "v1", "secrets", true};
inline const kube::ResourceType kLeaseType{"coordination.k8s.io", "v1", "leases", true};

inline constexpr int kWrongCall = 2;  // the exit code

enum class Terminal { No, Yes };

class Session {
 public:
  // Reads the kubeconfig; asks nothing yet.
  static Result<Session> open(const ClusterFlags& flags, const Streams& streams);
  // For tests: over any client.
  Session(std::shared_ptr<kube::Client> client, std::string ns, const Streams& streams, Terminal terminal)
      : client_(std::move(client)), ns_(std::move(ns)), streams_(streams), terminal_(terminal) {}

  const kube::Client& client() const { return *client_; }
  const Streams& streams() const { return streams_; }
  std::ostream& out() const { return streams_.out; }
  Clock& clock() const { return *clock_; }

  // "NAMESPACE/NAME", or "NAME" in the session's namespace. Invalid: neither.
  Result<api::ResourceKey> parse_user(const std::string& text) const;
  // Every object of a type, in pages.
  Result<std::vector<Json>> list(const kube::ResourceType& type) const;
  // NotFound says how to look for it.
  Result<Json> read(const api::ResourceKey& key) const;
  // A merge patch of metadata.annotations; a null takes one away.
  Result<Json> annotate(const api::ResourceKey& key, const Json& annotations) const;

  struct Progress {
    bool done = false;
    std::string state;  // what it waits for now; for a person
  };
  // Asks again and again until `look` says done. From the third second on says on the error stream what it waits for:
  // on a terminal in one line that changes, else a line whenever it changes. Timeout: with the last state.
  Result<void> wait_for(const std::string& what, Duration timeout,
                        const std::function<Result<Progress>()>& look) const;

 private:
  std::shared_ptr<kube::Client> client_;
  std::string ns_;
  Streams streams_;
  Terminal terminal_;
  std::shared_ptr<Clock> clock_ = std::make_shared<SystemClock>();
};

}  // namespace neoid::cli
