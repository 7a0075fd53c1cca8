// FolderSync: an API kept in step with a folder of manifests.
//
// Flow         When the folder's fingerprint has changed and rests, everything that is new or different is applied
//              (server-side, forced, strictly validated): namespaces, then CRDs, then the rest. Then what was applied
//              before and is gone from the folder is deleted. Then the report is written.
// Guarantees   Nothing is pruned that was not applied from here (apply_set.h), nor while the folder is away, empty or
//              partly unreadable, nor before it has been missing for `prune_after`. A namespace or CRD is pruned only
//              when nothing is left in it. What is invalid is told (log, report) and stops nothing else; it is tried
//              again, less and less often. A pass over an unchanged folder writes nothing.
// Assumptions  The client may do everything that the manifests ask for. One FolderSync a parent ConfigMap.
// Failure      An API that cannot be asked: the pass ends and is repeated. A crash: the next start goes on.
//
// A change in the API of what was applied is put back by the next full pass (`resync`).
// run_pass() belongs to one thread; start() and stop() to the owner.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "controller/base/clock.h"
#include "controller/manifests/apply_set.h"
#include "controller/manifests/sync_plan.h"

namespace neoid::manifests {

struct FolderSyncOptions {
  std::filesystem::path folder;
  kube::ObjectName parent = {"kube-system", "neoid-manifests"};
  Duration interval = std::chrono::seconds(1);     // between looks at the folder
  Duration rest = std::chrono::milliseconds(300);  // without a change, before it is read
  Duration prune_after = std::chrono::seconds(10);
  Duration resync = std::chrono::minutes(5);
};

struct PassOutcome {
  std::size_t applied = 0, pruned = 0;
  std::vector<Problem> problems;
  bool again = false;                         // something failed that may be different next time
  SteadyTime next_prune = SteadyTime::max();  // when something has been missing for long enough
};

class FolderSync {
 public:
  // Borrows client and clock.
  FolderSync(const kube::Client& client, Clock& clock, FolderSyncOptions options);
  ~FolderSync();  // stop()

  void start();
  void stop();

  enum class Depth { Changed, Everything };
  // Errors: the API could not be asked; what was done stays done.
  Result<PassOutcome> run_pass(Depth depth);

 private:
  struct Wanted {
    ObjectKey key;
    kube::ResourceType type;
    Manifest manifest;
  };
  void run(std::stop_token stop);
  // The folder's fingerprint once it rests; "" when there is none to be had.
  std::string resting_fingerprint(std::stop_token stop);

  Result<void> apply_all(std::vector<Manifest> manifests, PassOutcome& outcome,
                         std::vector<ObjectKey>& wanted, bool& all_known);
  Result<void> apply_one(const Wanted& wanted, PassOutcome& outcome);
  Result<void> prune(const std::vector<ObjectKey>& wanted, const PruneFacts& facts, PassOutcome& outcome);
  Result<bool> is_in_use(const ObjectKey& key);
  void note(const std::vector<Problem>& problems);

  const kube::Client& client_;
  Clock& clock_;
  const FolderSyncOptions options_;
  ApplySet set_;
  Kinds kinds_;
  std::map<ObjectKey, std::string> applied_;       // what was applied by this process: its text's digest
  std::map<ObjectKey, SteadyTime> missing_since_;  // members that the folder no longer has
  std::set<Problem> told_;                         // in the log
  std::jthread thread_;
};

}  // namespace neoid::manifests
