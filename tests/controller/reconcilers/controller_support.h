// A whole system for a test: the embedded API behind TLS, a store of either form, and the controller, which reaches the
// API through a kubeconfig file as it would a cluster's.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/apiserver/server.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/kube/client.h"
#include "controller/reconcilers/controller.h"
#include "controller/store/identity_store.h"

namespace neoid::reconcilers {

enum class StoreForm { Sqlite, Postgres };

class System {
 public:
  explicit System(StoreForm form);
  ~System();

  void start_controller();
  void stop_controller();

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
  // The table of users, as a statement names it.
  std::string users_table() const { return form_ == StoreForm::Postgres ? "neoid.users" : "users"; }
  store::Acceptance accepts(const Json& secret);

  static std::string value(const Json& secret, const std::string& key);

 private:
  std::filesystem::path folder_;
  std::string database_;
  std::string store_url_;
  SystemClock clock_;
  MetricsRegistry metrics_;
  StoreForm form_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<store::IdentityStore> store_;
  std::shared_ptr<kube::Transport> transport_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<Controller> controller_;
};

// An IntegrationUser in the namespace `apps`.
Json make_user(const std::string& name, const Json& spec_more = Json::object());
Json make_scope(const std::string& name);

}  // namespace neoid::reconcilers
