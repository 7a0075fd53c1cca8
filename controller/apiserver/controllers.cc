#include "controller/apiserver/controllers.h"

#include "controller/apiserver/write_rules.h"
#include "controller/base/log.h"

namespace neoid::apiserver {
namespace {

constexpr auto kRetry = std::chrono::milliseconds(500);
constexpr auto kSweep = std::chrono::seconds(30);
constexpr const char* kCrds = "customresourcedefinitions.apiextensions.k8s.io";
constexpr std::string_view kRbacGroup = ".rbac.authorization.k8s.io";

std::vector<std::shared_ptr<const Json>> all_of(const storage::ApiStorage& storage,
                                                const std::string& resource) {
  storage::ListOptions list;
  list.resource = resource;
  std::vector<std::shared_ptr<const Json>> values;
  if (const auto page = storage.list(list))
    for (const storage::StoredObject& stored : page->items) values.push_back(stored.value());
  return values;
}

}  // namespace

Controllers::Controllers(const Core& core, Clock& clock)
    : core_(core), clock_(clock), crds_(core), namespaces_(core), collector_(core) {}

Controllers::~Controllers() { stop(); }

void Controllers::load() {
  read_rbac();
  core_.webhooks.reload();
  {
    MutexLock lock(crd_mutex_);
    crds_.run(CrdController::Deletions::Leave);
  }
  collector_.load();
}

void Controllers::start() {
  wake();
  thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
}

void Controllers::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Controllers::wake() {
  {
    MutexLock lock(mutex_);
    work_ = true;
  }
  woken_.notify_one();
}

void Controllers::note(const Change& change) {
  bool work = collector_.note(change);
  if (change.key.resource == kCrds) {
    const bool ending = change.after == nullptr || is_being_deleted(*change.after);
    MutexLock lock(crd_mutex_);
    crds_.run(CrdController::Deletions::Leave);
    work = work || ending;
  } else if (change.key.resource.ends_with(kRbacGroup)) {
    read_rbac();
    work = true;
  } else if (Webhooks::is_configuration(change.key.resource)) {
    core_.webhooks.reload();
  } else if (change.key.resource == "namespaces") {
    work = work || (change.after != nullptr && is_being_deleted(*change.after));
  } else if (change.after == nullptr && is_being_deleted(*change.before)) {
    work = true;  // a namespace or a CRD may have waited for it
  }
  if (work) wake();
}

void Controllers::read_rbac() {
  MutexLock lock(rbac_mutex_);
  auth::RbacObjects objects;
  objects.roles = all_of(core_.storage, "roles.rbac.authorization.k8s.io");
  objects.role_bindings = all_of(core_.storage, "rolebindings.rbac.authorization.k8s.io");
  objects.cluster_roles = all_of(core_.storage, "clusterroles.rbac.authorization.k8s.io");
  objects.cluster_role_bindings = all_of(core_.storage, "clusterrolebindings.rbac.authorization.k8s.io");
  core_.authorizer.replace(std::make_shared<const auth::Rbac>(objects));
}

// Writes the rules of aggregated cluster roles into their objects. True: something failed.
bool Controllers::aggregate_roles() {
  storage::ListOptions list;
  list.resource = "clusterroles.rbac.authorization.k8s.io";
  list.filter = [](const storage::StoredObject& stored) {
    return stored.bytes().find("\"aggregationRule\"") != std::string::npos;
  };
  const auto page = core_.storage.list(list);
  if (!page) return true;
  const auto rbac = core_.authorizer.snapshot();
  bool failed = false;
  for (const storage::StoredObject& stored : page->items) {
    const Json rules = rbac->aggregated_rules(stored.key().name);
    const auto before = stored.value();
    if (rules.is_null() || before->value("rules", Json()) == rules) continue;
    Json value = *before;
    value["rules"] = rules;
    failed = !core_.storage.update(stored.key(), std::move(value), stored.revision()) || failed;
  }
  return failed;
}

// True: something waits and is to be tried again.
bool Controllers::run_once() {
  bool again = false;
  {
    MutexLock lock(crd_mutex_);
    again = crds_.run(CrdController::Deletions::Finish);
  }
  again = namespaces_.run() || again;
  again = collector_.run() || again;
  return aggregate_roles() || again;
}

void Controllers::work(std::stop_token stop) {
  SteadyTime next_sweep = clock_.steady_now() + kSweep;
  bool again = false;
  while (!stop.stop_requested()) {
    {
      MutexLock lock(mutex_);
      if (!work_) {
        const SteadyTime until = again ? clock_.steady_now() + kRetry : next_sweep;
        clock_.wait_until(mutex_, woken_, until, stop);
      }
      work_ = false;
    }
    if (stop.stop_requested()) return;
    try {
      again = run_once();
    } catch (const std::exception& error) {
      again = true;
      log::error("a controller of the API failed", {{"why", error.what()}});
    }
    if (clock_.steady_now() < next_sweep) continue;
    next_sweep = clock_.steady_now() + kSweep;
    if (const auto expired = core_.storage.erase_expired(clock_.now()); !expired)
      log::warn("expired events could not be removed", {{"why", expired.error().message}});
  }
}

}  // namespace neoid::apiserver
