// Judge: may this be stored, what should the writer hear, and what is added to it.
//
// Flow: system users by who asks and by the retire rule -> the contract, as it is compiled in -> warnings: annotations
// that do nothing, what other resources have to do with it.
// Guarantees: what is not of our kinds, a subresource, and an object that is being deleted pass (only the rules of
// system users hold for the last one); the contract is asked only of a request that changes spec, so that an object
// that was stored under an older contract can still be labelled, let go and deleted. Never throws for what a request
// holds. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconcile/policy/admission.h"
#include "reconcile/policy/around.h"

namespace neoid::admission {

// Borrows the objects for the call.
struct Request {
  std::string group, kind;
  bool dry_run = false;  // judged all the same; nothing here has side effects
  std::string ns;
  policy::AdmissionFacts facts;  // `kind` is set by the judge
};

struct Verdict {
  bool allowed = true;
  int code = 200;       // of a refusal: an HTTP status
  std::string reason;   // of a refusal: Status.reason
  std::string message;  // of a refusal
  std::vector<std::string> warnings;
};

struct JudgeOptions {
  policy::PlatformIdentities platform;
  // The controller's own user names: they count as the platform, are told no warnings, and are not written down as
  // having asked.
  std::vector<std::string> own_users;
  // What the cluster holds beside the request; empty function: nothing is known.
  std::function<policy::Around(const policy::AdmissionFacts&)> around;
};

class Judge {
 public:
  explicit Judge(JudgeOptions options);
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  Verdict validate(const Request& request) const;
  // The object to go on with; nothing: as it came.
  std::optional<Json> mutate(const Request& request) const;

 private:
  struct Contract;
  std::optional<policy::AdmissionFacts> facts_of(const Request& request) const;
  bool is_own(const std::string& user) const;
  std::string breach(const policy::AdmissionFacts& facts) const;

  JudgeOptions options_;
  std::unique_ptr<const Contract> contract_;
};

}  // namespace neoid::admission
