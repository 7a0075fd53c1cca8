#include "controller/apiserver/controllers.h"

#include "controller/apiserver/well_known.h"
#include "controller/apiserver/write_rules.h"
#include "controller/base/log.h"

namespace neoid::apiserver {
namespace {

constexpr auto kRetry = std::chrono::milliseconds(500);
constexpr auto kSweep = std::chrono::seconds(30);
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
  wake({.crds = true, .namespaces = true, .garbage = true, .roles = true});
  thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
}

void Controllers::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Controllers::Work::add(const Work& more) {
  crds = crds || more.crds;
  namespaces = namespaces || more.namespaces;
  garbage = garbage || more.garbage;
  roles = roles || more.roles;
}

void Controllers::wake(const Work& work) {
  {
    MutexLock lock(mutex_);
    work_.add(work);
  }
  woken_.notify_one();
}

void Controllers::note(const Change& change) {
  Work work{.garbage = collector_.note(change)};
  if (change.key.resource == kCrds) {
    MutexLock lock(crd_mutex_);
    crds_.run(CrdController::Deletions::Leave);
    work.crds = change.after == nullptr || is_being_deleted(*change.after);
  } else if (change.key.resource.ends_with(kRbacGroup)) {
    read_rbac();
    work.roles = true;
  } else if (Webhooks::is_configuration(change.key.resource)) {
    core_.webhooks.reload();
  } else if (change.key.resource == "namespaces") {
    work.namespaces = change.after != nullptr && is_being_deleted(*change.after);
  } else if (change.after == nullptr && is_being_deleted(*change.before)) {
    work.crds = work.namespaces = true;  // one of them may have waited for it
  }
  if (work.any()) wake(work);
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

Controllers::Work Controllers::run(Work due) {
  Work again;
  if (due.crds) {
    MutexLock lock(crd_mutex_);
    again.crds = crds_.run(CrdController::Deletions::Finish);
  }
  if (due.namespaces) again.namespaces = namespaces_.run();
  if (due.garbage) again.garbage = collector_.run();
  if (due.roles) again.roles = aggregate_roles();
  return again;
}

void Controllers::work(std::stop_token stop) {
  SteadyTime next_sweep = clock_.steady_now() + kSweep;
  Work again;
  while (!stop.stop_requested()) {
    Work due = again;
    {
      MutexLock lock(mutex_);
      if (!work_.any()) {
        const SteadyTime until = again.any() ? clock_.steady_now() + kRetry : next_sweep;
        clock_.wait_until(mutex_, woken_, until, stop);
      }
      due.add(work_);
      work_ = {};
    }
    if (stop.stop_requested()) return;
    try {
      again = run(due);
    } catch (const std::exception& error) {
      again = due;
      log::error("a controller of the API failed", {{"why", error.what()}});
    }
    if (clock_.steady_now() < next_sweep) continue;
    next_sweep = clock_.steady_now() + kSweep;
    if (const auto expired = core_.storage.erase_expired(clock_.now()); !expired)
      log::warn("expired events could not be removed", {{"why", expired.error().message}});
  }
}

}  // namespace neoid::apiserver
