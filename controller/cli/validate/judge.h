// Judge: every document of a piece, in the order and words of an API server, each error turned into a finding with its
// place and what would mend it.
//
// Flow: read -> for each object: is it one -> its contract -> unknown fields -> defaults -> metadata, schema, rules
//       (and transition rules, if it was there before) -> its names to policy::Across; across() at the end.
// A document that cannot be read is a finding; reading goes on behind the next `---`.
// Thread-safe: pieces may be judged by any number of threads; across() after all of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/mutex.h"
#include "controller/cli/validate/contracts.h"
#include "controller/cli/validate/findings.h"
#include "controller/cli/validate/inputs.h"
#include "controller/cli/validate/older.h"
#include "reconcile/policy/across.h"

namespace neoid::validate {

// One resource of ours, or a Namespace, pruned and completed as a server would store it; called by one thread at a
// time, in no order. It may be invalid: the findings tell.
using EachObject = std::function<void(const Json& object, std::string_view file_name, Position at)>;

class Judge {
 public:
  struct Options {
    std::string default_namespace = "default";
    EachObject each = nullptr;
    policy::Scopes scopes = policy::Scopes::All;
  };
  // Borrows everything; `older` may be null.
  Judge(const Contracts& contracts, const OlderTree* older, Findings& findings, Options options);

  // `file_name`: of the piece; kustomization files need not be objects.
  Counts judge(Piece piece, std::string_view file_name) NEOID_EXCLUDES(mutex_);
  // The rules over all resources. `names`: of the inputs, for what clashes with what. False: scopes were not looked up,
  // since there is no Scope among the resources.
  bool across(const FileNames& names) NEOID_EXCLUDES(mutex_);

 private:
  class Run;
  const Contracts& contracts_;
  const OlderTree* older_;
  Findings& findings_;
  Options options_;
  Mutex mutex_;
  policy::Across facts_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::validate
