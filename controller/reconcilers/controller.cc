#include "controller/reconcilers/controller.h"

#include <thread>
#include <utility>

#include "controller/base/log.h"
#include "controller/base/random.h"
#include "controller/reconcilers/measured_store.h"
#include "controller/reconcilers/scope_reconciler.h"
#include "controller/reconcilers/user_reconciler.h"

namespace neoid::reconcilers {
namespace {

using namespace std::chrono_literals;

constexpr int kFeedBatch = 1000;

}  // namespace

class Controller::Impl {
 public:
  Impl(const kube::Client& client, store::IdentityStore& store, Clock& clock, MetricsRegistry& metrics,
       ControllerOptions options, ClusterId cluster_id)
      : options_(std::move(options)),
        store_(store, metrics),
        clock_(clock),
        metrics_(metrics),
        meters_(metrics),
        cluster_(client),
        cluster_id_(std::move(cluster_id)),
        leadership_(client, store_, clock,
                    {options_.lease, cluster_id_, options_.always_clean, options_.settings.create_wait()}),
        queue_(clock, {}, meters_.queue()),
        caches_(client, clock, queue_, metrics),
        pool_(options_.connections),
        events_(client, clock, event_options()),
        services_{cluster_, cluster_id_, store_, clock_,  events_,          leadership_,
                  caches_,  queue_,      pool_,  meters_, options_.settings},
        users_(services_),
        scopes_(services_) {}

  ~Impl() { stop(); }

  void start() {
    caches_.start();
    leader_thread_ = std::jthread([this](std::stop_token stop) {
      leadership_.run(stop, [this](const Term&) {
        metrics_.counter(metric::kLeaderTerms).add();
        caches_.queue_all(runtime::Priority::Resync);
      });
    });
    for (std::size_t i = 0; i < options_.workers; ++i)
      threads_.emplace_back([this](std::stop_token stop) { work(stop); });
    threads_.emplace_back([this](std::stop_token stop) { follow_feed(stop); });
    threads_.emplace_back([this](std::stop_token stop) { sweep(stop); });
  }

  void stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
    if (leader_thread_.joinable()) {
      leader_thread_.request_stop();
      leader_thread_.join();
    }
    caches_.stop();
  }

  bool leading() const { return leadership_.current().has_value(); }
  bool idle() const { return queue_.idle(); }
  const Caches& caches() const { return caches_; }

  std::vector<std::string> unready() const {
    std::vector<std::string> reasons = caches_.troubles();
    if (auto answer = store_.ping(); !answer) reasons.push_back("the store: " + answer.error().message);
    if (auto trouble = leadership_.trouble()) reasons.push_back("leadership: " + *trouble);
    return reasons;
  }

  // What is measured when it is asked for, not when it happens.
  void sample() const {
    for (const auto& [name, priority] :
         {std::pair("urgent", runtime::Priority::Urgent), std::pair("resync", runtime::Priority::Resync)})
      metrics_.gauge(metric::kQueueDepth, {name}).set(static_cast<double>(queue_.ready(priority)));
    metrics_.gauge(metric::kQueueScheduled).set(static_cast<double>(queue_.scheduled()));
    const auto term = leadership_.current();
    metrics_.gauge(metric::kLeader).set(term ? 1 : 0);
    metrics_.gauge(metric::kLeaderEpoch).set(term ? static_cast<double>(term->writer.epoch) : 0);
    metrics_.gauge(metric::kStoreUp).set(store_.ping() ? 1 : 0);
    metrics_.gauge(metric::kReady).set(unready().empty() ? 1 : 0);
    for (const Caches::WatchState& watch : caches_.watches()) {
      metrics_.gauge(metric::kWatchAge, {watch.resource})
          .set(std::chrono::duration<double>(watch.age).count());
      metrics_.gauge(metric::kCachedObjects, {watch.resource}).set(static_cast<double>(watch.objects));
    }
    sample_resources(caches_, metrics_, clock_.now());
  }

 private:
  EventOptions event_options() {
    EventOptions options;
    options.instance = options_.lease.holder;
    options.busy = [this] { return queue_.ready(runtime::Priority::Urgent) != 0; };
    options.told = [this](const status::Event& event) {
      meters_.event(event.type == status::Event::Type::Warning ? "Warning" : "Normal", event.reason);
    };
    return options;
  }

  void work(std::stop_token stop) {
    while (!stop.stop_requested() && !caches_.synced()) clock_.sleep_for(20ms, stop);
    while (!stop.stop_requested()) {
      const auto keys = queue_.take(options_.batch, stop);
      if (keys.empty()) return;
      // Scopes first: what they put in the catalogue can be granted to the users of the same batch.
      std::vector<api::ResourceKey> users;
      for (const api::ResourceKey& key : keys) {
        if (key.kind == api::Kind::Scope)
          scopes_.reconcile(key);
        else
          users.push_back(key);
      }
      if (!users.empty()) users_.reconcile(users);
      for (const api::ResourceKey& key : keys) queue_.done(key);
    }
  }

  // Queues the owners of rows that somebody else changed.
  void follow_feed(std::stop_token stop) {
    std::optional<store::FeedPosition> position;
    while (!stop.stop_requested()) {
      const auto end = store_.feed_end();
      // Behind where we were: the store was restored, and everything is looked at again.
      if (end && (!position || *end < *position)) {
        if (position) caches_.queue_all(runtime::Priority::Resync);
        position = *end;
      }
      if (position) {
        if (const auto entries = store_.changes_after(cluster_id_, *position, kFeedBatch); entries) {
          for (const store::FeedEntry& entry : *entries) {
            if (!entry.ours && entry.resource) queue_.add(*entry.resource);
            position = entry.position;
          }
          if (entries->size() == kFeedBatch) continue;
        }
      }
      store_.wait_for_change(1s, stop);
    }
  }

  // The comparison of everything, which finds what no notification told.
  void sweep(std::stop_token stop) {
    while (clock_.sleep_for(jitter(options_.sweep_interval, 0.1), stop)) {
      if (!leading()) continue;
      const SteadyTime started = clock_.steady_now();
      const auto result = store_.sweep(cluster_id_, [&](const store::IdentityStore::SweepRow& row) {
        const bool owned = row.standing == plan::Standing::Owned;
        if (owned && (!row.untouched || !caches_.user(row.owner.resource)))
          queue_.add(row.owner.resource, runtime::Priority::Resync);
        return !stop.stop_requested();
      });
      if (!result) log::warn("the sweep failed; it comes again", {{"error", result.error().describe()}});
      caches_.queue_all(runtime::Priority::Resync);
      const auto took = std::chrono::duration<double>(clock_.steady_now() - started);
      metrics_.histogram(metric::kSweepSeconds).observe(took.count());
      if (result)
        metrics_.gauge(metric::kLastSweep)
            .set(std::chrono::duration<double>(clock_.now().time_since_epoch()).count());
    }
  }

  const ControllerOptions options_;
  mutable MeasuredStore store_;
  Clock& clock_;
  MetricsRegistry& metrics_;
  Meters meters_;
  const Cluster cluster_;
  const ClusterId cluster_id_;
  Leadership leadership_;
  Queue queue_;
  Caches caches_;
  runtime::WorkerPool pool_;
  EventRecorder events_;
  const Services services_;
  UserReconciler users_;
  ScopeReconciler scopes_;
  std::vector<std::jthread> threads_;
  std::jthread leader_thread_;
};

Controller::Controller(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Controller::~Controller() = default;

Result<std::unique_ptr<Controller>> Controller::create(const kube::Client& client,
                                                       store::IdentityStore& store, Clock& clock,
                                                       MetricsRegistry& metrics, ControllerOptions options) {
  NEOID_TRY(ClusterId cluster_id, Cluster(client).identity());
  auto impl =
      std::make_unique<Impl>(client, store, clock, metrics, std::move(options), std::move(cluster_id));
  return std::unique_ptr<Controller>(new Controller(std::move(impl)));
}

void Controller::start() { impl_->start(); }
void Controller::stop() { impl_->stop(); }
void Controller::sample() const { impl_->sample(); }
bool Controller::leading() const { return impl_->leading(); }
bool Controller::idle() const { return impl_->idle(); }
const Caches& Controller::caches() const { return impl_->caches(); }
std::vector<std::string> Controller::unready() const { return impl_->unready(); }

}  // namespace neoid::reconcilers
