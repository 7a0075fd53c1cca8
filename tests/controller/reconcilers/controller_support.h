// A whole system for a test: the embedded API behind TLS, a store of either form, and the controller, which reaches the
// API through a kubeconfig file as it would a cluster's.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/apiserver/server.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/http/client.h"
#include "controller/kube/client.h"
#include "controller/reconcilers/controller.h"
#include "controller/store/identity_store.h"

struct sqlite3;

namespace neoid::reconcilers {

enum class StoreForm { Sqlite, Postgres };

// The machine's clock; its wall time is moved by hand. Thread-safe.
class MovedClock final : public Clock {
 public:
  void move(Duration by) { offset_ += by.count(); }

  Instant now() const override { return clock_.now() + Duration(offset_); }
  SteadyTime steady_now() const override { return clock_.steady_now(); }
  Wake wait_until(Mutex& mutex, CondVar& condition, SteadyTime deadline, std::stop_token stop) override
      NEOID_REQUIRES(mutex) {
    return clock_.wait_until(mutex, condition, deadline, std::move(stop));
  }

 private:
  SystemClock clock_;
  std::atomic<Duration::rep> offset_{0};
};

class System {
 public:
  // What a request of the controller meets in the API's place; nothing: it goes on. Called from its threads.
  using Wire = std::function<std::optional<Result<http::ClientResponse>>(const http::ClientRequest&)>;

  explicit System(StoreForm form);
  ~System();

  void start_controller();
  void stop_controller();
  ControllerOptions options;  // of the next start
  MovedClock clock;           // the controller's
  void set_wire(Wire wire);

  // --- the API, as the platform ------------------------------------------------------------------
  const kube::Client& api() const { return *client_; }
  void apply(const Json& object);
  std::optional<Json> user(const std::string& name) const;
  std::optional<Json> secret(const std::string& name) const;
  void merge(const std::string& name, const Json& patch);
  void remove(const std::string& name);
  // Waits for something to become true; fails the test after ten seconds, saying what.
  void eventually(const std::string& what, const std::function<bool()>& condition) const;
  void wait_ready(const std::string& name) const;
  bool is_ready(const std::string& name) const;
  bool has_event(const std::string& reason) const;

  std::string kubeconfig() const { return (folder_ / "kubeconfig").string(); }
  std::filesystem::path folder() const { return folder_; }  // for the test's own files
  // The text of /metrics.
  std::string metrics() const;

  // --- the store ---------------------------------------------------------------------------------
  store::IdentityStore& store() { return *store_; }
  const std::string& store_url() const { return store_url_; }
  // Runs a statement as outside hands would, past the controller.
  void outside(const std::string& sql);
  void outside_is_refused(const std::string& sql);
  // The first column of the first row; SQL as PostgreSQL has it, its schema's name in front of the tables.
  std::string ask(const std::string& sql) const;
  // Everything that the store keeps, as its files or tables have it.
  std::string stored_text() const;
  void move_database_clock(std::chrono::minutes by);
  // Of the whole store, put back later; no controller runs meanwhile.
  void take_snapshot();
  void restore_snapshot();
  // Nobody can write any more until mend_store(): PostgreSQL lets none in, somebody else holds SQLite's lock.
  void cut_store();
  void mend_store();
  // The table of users, as a statement names it.
  std::string users_table() const { return form_ == StoreForm::Postgres ? "neoid.users" : "users"; }
  store::Acceptance accepts(const Json& secret);

  static std::string value(const Json& secret, const std::string& key);

 private:
  class WireTransport;
  void open_store();
  std::string run_outside(const std::string& sql);  // what the database said against it; empty: nothing

  std::filesystem::path folder_;
  std::string database_;
  std::string store_url_;
  SystemClock api_clock_;
  std::atomic<Duration::rep> database_ahead_{0};
  MetricsRegistry metrics_;
  StoreForm form_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<store::IdentityStore> store_;
  sqlite3* blocker_ = nullptr;
  std::shared_ptr<kube::Transport> transport_;
  std::unique_ptr<kube::Client> client_;
  std::shared_ptr<WireTransport> wire_;
  std::unique_ptr<kube::Client> controller_client_;
  std::unique_ptr<Controller> controller_;
};

// An IntegrationUser in the namespace `apps`.
Json make_user(const std::string& name, const Json& spec_more = Json::object());
Json make_scope(const std::string& name);
// Its Secret is NAME-oauth in the namespace `apps`.
Json make_system_user(const std::string& name);

}  // namespace neoid::reconcilers
