#include "tests/controller/reconcilers/controller_support.h"

#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "controller/base/mutex.h"
#include "controller/kube/kubeconfig.h"
#include "controller/kube/transport.h"
#include "controller/reconcilers/cluster.h"
#include "reconcile/api/embedded.h"
#include "reconcile/base/crypto.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/value/yaml.h"
#include "tests/support/postgres.h"

namespace neoid::reconcilers {
namespace {

using namespace std::chrono_literals;

const kube::ResourceType& user_type() { return resource_type(api::Kind::IntegrationUser); }
const kube::ResourceType kEvents{"", "v1", "events", true};

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "neoid-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
  return name;
}

}  // namespace

// Lets a test answer in the API's place.
class System::WireTransport final : public kube::Transport {
 public:
  explicit WireTransport(std::shared_ptr<kube::Transport> below) : below_(std::move(below)) {}

  void set(Wire wire) {
    MutexLock lock(mutex_);
    wire_ = std::move(wire);
  }
  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    auto said = ask(request);
    return said ? std::move(*said) : below_->send(request);
  }
  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) override {
    auto said = ask(request);
    return said ? std::move(*said) : below_->stream(request, on_chunk, std::move(stop));
  }

 private:
  std::optional<Result<http::ClientResponse>> ask(const http::ClientRequest& request) {
    Wire wire;
    {
      MutexLock lock(mutex_);
      wire = wire_;
    }
    return wire ? wire(request) : std::nullopt;
  }

  const std::shared_ptr<kube::Transport> below_;
  Mutex mutex_;
  Wire wire_ NEOID_GUARDED_BY(mutex_);
};

System::System(StoreForm form) : folder_(make_folder()), form_(form) {
  options.lease.name = {"kube-system", "neoid"};
  options.lease.holder = "test-" + std::to_string(::getpid());
  options.lease.retry_period = std::chrono::seconds(1);
  options.settings.issuer = "https://issuer.example";
  options.settings.create_deadline = 1s;
  options.sweep_interval = 500ms;
  const Instant now = api_clock_.now();
  const auto ca = http::make_ca("test", now - 1h, now + 24h);
  http::CertificateOptions certificate;
  certificate.common_name = "test";
  certificate.ip_addresses = {"127.0.0.1"};
  certificate.not_before = now - 1h;
  certificate.not_after = now + 24h;
  apiserver::ApiServerOptions api;
  api.data = folder_ / "api";
  api.tls = http::TlsOptions{http::make_certificate(*ca, certificate).value(), ca->certificate_pem};
  api.token_file_text = "test-token,platform,platform,\"system:masters\"\n";
  for (const api::EmbeddedFile& file : api::embedded_crd())
    api.bootstrap.push_back(parse_yaml(file.text).value());
  api.bootstrap.push_back({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "apps"}}}});
  auto server = apiserver::ApiServer::open(std::move(api), api_clock_);
  if (!server) {
    ADD_FAILURE() << server.error().describe();
    std::abort();
  }
  server_ = std::move(*server);
  EXPECT_TRUE(server_->start());

  EXPECT_TRUE(kube::write_kubeconfig(
      kubeconfig(), kube::kubeconfig_text(
                        "test", "https://127.0.0.1:" + std::to_string(server_->port()), ca->certificate_pem,
                        {{.name = "platform", .token = Secret(std::string("test-token"))}})));
  transport_ = kube::connect(kube::ConnectionOptions{kubeconfig(), ""}).value();
  client_ = std::make_unique<kube::Client>(transport_);
  wire_ = std::make_shared<WireTransport>(transport_);
  controller_client_ = std::make_unique<kube::Client>(wire_);

  store_url_ = "sqlite:" + (folder_ / "identity.db").string();
  if (form_ == StoreForm::Postgres) {
    auto* postgres = test::PostgresServer::get();
    if (postgres == nullptr) {
      ADD_FAILURE() << "no PostgreSQL server; ./dev setup installs one";
      std::abort();
    }
    // Copied from one that is migrated once: that takes longer than most tests.
    static const std::string kMigrated = [&] {
      std::string name = postgres->create_database();
      EXPECT_TRUE(store::open_store(postgres->url(name), store::Migration::Apply));
      return name;
    }();
    database_ = postgres->create_database(kMigrated);
    store_url_ = postgres->url(database_);
  }
  open_store();
}

void System::open_store() {
  store::StoreOptions store_options;
  store_options.migration = store::Migration::Apply;
  store_options.clock = [this] { return api_clock_.now() + Duration(database_ahead_); };
  auto store = store::open_store(store_url_, std::move(store_options));
  if (!store) {
    ADD_FAILURE() << store.error().describe();
    std::abort();
  }
  store_ = std::move(*store);
}

System::~System() {
  stop_controller();
  store_.reset();
  controller_client_.reset();
  wire_.reset();
  client_.reset();
  transport_.reset();
  server_->stop();
  server_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  if (!database_.empty()) test::PostgresServer::get()->drop_database(database_);
}

void System::start_controller() {
  auto controller = Controller::create(*controller_client_, *store_, clock, metrics_, options);
  ASSERT_TRUE(controller) << controller.error().describe();
  controller_ = std::move(*controller);
  controller_->start();
}

void System::stop_controller() {
  if (controller_) controller_->stop();
  controller_.reset();
}

void System::apply(const Json& object) {
  const std::string kind = object.at("kind");
  const std::string ns = object.at("metadata").value("namespace", "");
  const kube::ResourceType type = kind == "Secret" ? secret_type() : resource_type(*api::parse_kind(kind));
  const auto made = client_->create(type, ns, object);
  ASSERT_TRUE(made) << made.error().describe();
}

std::optional<Json> System::user(const std::string& name) const {
  auto object = client_->get(user_type(), {"apps", name});
  return object ? std::optional<Json>(std::move(*object)) : std::nullopt;
}

std::optional<Json> System::secret(const std::string& name) const {
  auto object = client_->get(secret_type(), {"apps", name});
  return object ? std::optional<Json>(std::move(*object)) : std::nullopt;
}

void System::merge(const std::string& name, const Json& patch) {
  const auto patched = client_->patch(user_type(), {"apps", name}, kube::PatchType::Merge, patch);
  ASSERT_TRUE(patched) << patched.error().describe();
}

void System::remove(const std::string& name) { ASSERT_TRUE(client_->remove(user_type(), {"apps", name})); }

void System::eventually(const std::string& what, const std::function<bool()>& condition) const {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      std::string state;
      if (const auto users = client_->list(user_type(), {"apps", "", "", false})) {
        for (const Json& item : users->items) state += item.value("status", Json()).dump(1) + "\n";
      }
      if (const auto secrets = client_->list(secret_type(), {"apps", "", "", false})) {
        for (const Json& item : secrets->items) state += item.at("metadata").dump(1) + "\n";
      }
      FAIL() << "never: " << what << "\n" << state;
    }
    std::this_thread::sleep_for(10ms);
  }
}

bool System::is_ready(const std::string& name) const {
  const auto object = user(name);
  if (!object) return false;
  const auto decoded = api::decode_user(api::Kind::IntegrationUser, *object);
  return decoded && decoded->status.observed_generation == decoded->generation &&
         meta::is_true(decoded->status.conditions, "Ready");
}

void System::wait_ready(const std::string& name) const {
  eventually(name + " is Ready", [&] { return is_ready(name); });
}

bool System::has_event(const std::string& reason) const {
  const auto events = client_->list(kEvents, {"", "", "", false});
  if (!events) return false;
  for (const Json& event : events->items) {
    if (event.value("reason", "") == reason) return true;
  }
  return false;
}

std::string System::metrics() const {
  if (controller_) controller_->sample();
  return metrics_.text();
}

void System::set_wire(Wire wire) { wire_->set(std::move(wire)); }

std::string System::ask(const std::string& sql) const {
  if (form_ == StoreForm::Postgres) {
    const auto answer = test::pg_ask(test::PostgresServer::get()->connect(database_).get(), sql);
    EXPECT_EQ(answer.error, "") << sql;
    return answer.value;
  }
  std::string plain = sql;
  for (std::size_t at = 0; (at = plain.find("neoid.", at)) != std::string::npos;) plain.erase(at, 6);
  std::string value;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open((folder_ / "identity.db").c_str(), &database), SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  const auto keep = [](void* to, int, char** columns, char**) {
    *static_cast<std::string*>(to) = columns[0] == nullptr ? "" : columns[0];
    return 1;  // one row is enough
  };
  const int result = sqlite3_exec(database, plain.c_str(), keep, &value, nullptr);
  EXPECT_TRUE(result == SQLITE_OK || result == SQLITE_ABORT) << sqlite3_errmsg(database);
  sqlite3_close(database);
  return value;
}

std::string System::stored_text() const {
  if (form_ == StoreForm::Postgres) return ask("SELECT schema_to_xml('neoid', true, false, '')::text");
  std::string text;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    if (!file.path().filename().string().starts_with("identity.db")) continue;
    std::ifstream in(file.path(), std::ios::binary);
    text.append(std::istreambuf_iterator<char>(in), {});
  }
  return text;
}

void System::move_database_clock(std::chrono::minutes by) {
  database_ahead_ += std::chrono::duration_cast<Duration>(by).count();
  if (form_ == StoreForm::Sqlite) return;
  outside(
      "CREATE OR REPLACE FUNCTION neoid.neoid_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
      "$$ SELECT clock_timestamp() + interval '" +
      std::to_string(database_ahead_) + " microseconds' $$");
}

void System::take_snapshot() {
  ASSERT_FALSE(controller_);
  store_.reset();
  if (form_ == StoreForm::Postgres) {
    const auto admin = test::PostgresServer::get()->connect("postgres");
    ASSERT_EQ(test::pg_ask(admin.get(), "CREATE DATABASE " + database_ + "_then TEMPLATE " + database_).error,
              "");
  } else {
    ASSERT_TRUE(store::backup_store(store_url_, (folder_ / "then.db").string()));
  }
  open_store();
}

void System::restore_snapshot() {
  ASSERT_FALSE(controller_);
  store_.reset();
  if (form_ == StoreForm::Postgres) {
    const auto admin = test::PostgresServer::get()->connect("postgres");
    ASSERT_EQ(test::pg_ask(admin.get(), "DROP DATABASE " + database_ + " WITH (FORCE)").error, "");
    ASSERT_EQ(test::pg_ask(admin.get(), "ALTER DATABASE " + database_ + "_then RENAME TO " + database_).error,
              "");
  } else {
    ASSERT_TRUE(store::restore_store(store_url_, (folder_ / "then.db").string()));
  }
  open_store();
}

void System::cut_store() {
  if (form_ == StoreForm::Postgres) {
    const auto admin = test::PostgresServer::get()->connect("postgres");
    ASSERT_EQ(test::pg_ask(admin.get(), "ALTER DATABASE " + database_ + " ALLOW_CONNECTIONS false").error,
              "");
    ASSERT_EQ(
        test::pg_ask(admin.get(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                                      database_ + "'")
            .error,
        "");
    return;
  }
  ASSERT_EQ(sqlite3_open((folder_ / "identity.db").c_str(), &blocker_), SQLITE_OK);
  sqlite3_busy_timeout(blocker_, 5000);
  ASSERT_EQ(sqlite3_exec(blocker_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
}

void System::mend_store() {
  if (form_ == StoreForm::Postgres) {
    const auto admin = test::PostgresServer::get()->connect("postgres");
    ASSERT_EQ(test::pg_ask(admin.get(), "ALTER DATABASE " + database_ + " ALLOW_CONNECTIONS true").error, "");
  }
  sqlite3_close(blocker_);  // rolls back
  blocker_ = nullptr;
}

std::string System::run_outside(const std::string& sql) {
  if (form_ == StoreForm::Postgres)
    return test::pg_ask(test::PostgresServer::get()->connect(database_).get(), sql).error;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open((folder_ / "identity.db").c_str(), &database), SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  const bool done = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  std::string error = done ? "" : sqlite3_errmsg(database);
  sqlite3_close(database);
  return error;
}

void System::outside(const std::string& sql) { EXPECT_EQ(run_outside(sql), "") << sql; }
void System::outside_is_refused(const std::string& sql) { EXPECT_NE(run_outside(sql), "") << sql; }

std::string System::value(const Json& secret, const std::string& key) {
  return unbase64(secret.at("data").value(key, "")).value_or("");
}

store::Acceptance System::accepts(const Json& secret) {
  const auto hash = credentials::hash_client_secret(Secret(value(secret, "client_secret")));
  auto answer = store_->accepts(ClientId(value(secret, "client_id")), hash);
  EXPECT_TRUE(answer) << answer.error().describe();
  return answer.value_or(store::Acceptance{});
}

Json make_user(const std::string& name, const Json& spec_more) {
  Json spec = {{"displayName", "User " + name}};
  spec.update(spec_more);
  return {{"apiVersion", api::kApiVersion},
          {"kind", "IntegrationUser"},
          {"metadata", {{"namespace", "apps"}, {"name", name}}},
          {"spec", spec}};
}

Json make_system_user(const std::string& name) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", "SystemIntegrationUser"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"displayName", "System user " + name},
            {"credentials", {{"secretRef", {{"namespace", "apps"}, {"name", name + "-oauth"}}}}}}}};
}

Json make_scope(const std::string& name) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", "Scope"},
          {"metadata", {{"name", name}}},
          {"spec", {{"displayName", name}, {"tool", name}}}};
}

}  // namespace neoid::reconcilers
