#include "tests/controller/reconcilers/controller_support.h"

#include <sqlite3.h>
#include <unistd.h>

#include <thread>

#include "controller/kube/kubeconfig.h"
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

System::System(StoreForm form) : folder_(make_folder()), form_(form) {
  const Instant now = clock_.now();
  const auto ca = http::make_ca("test", now - 1h, now + 24h);
  http::CertificateOptions certificate;
  certificate.common_name = "test";
  certificate.ip_addresses = {"127.0.0.1"};
  certificate.not_before = now - 1h;
  certificate.not_after = now + 24h;
  apiserver::ApiServerOptions options;
  options.data = folder_ / "api";
  options.tls = http::TlsOptions{http::make_certificate(*ca, certificate).value(), ca->certificate_pem};
  options.token_file_text = "test-token,platform,platform,\"system:masters\"\n";
  for (const api::EmbeddedFile& file : api::embedded_crd())
    options.bootstrap.push_back(parse_yaml(file.text).value());
  options.bootstrap.push_back(
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "apps"}}}});
  auto server = apiserver::ApiServer::open(std::move(options), clock_);
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

  store_url_ = "sqlite:" + (folder_ / "identity.db").string();
  if (form_ == StoreForm::Postgres) {
    auto* postgres = test::PostgresServer::get();
    if (postgres == nullptr) {
      ADD_FAILURE() << "no PostgreSQL server; ./dev setup installs one";
      std::abort();
    }
    database_ = postgres->create_database();
    store_url_ = postgres->url(database_);
  }
  auto store = store::open_store(store_url_, store::Migration::Apply);
  if (!store) {
    ADD_FAILURE() << store.error().describe();
    std::abort();
  }
  store_ = std::move(*store);
}

System::~System() {
  stop_controller();
  store_.reset();
  client_.reset();
  transport_.reset();
  server_->stop();
  server_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  if (!database_.empty()) test::PostgresServer::get()->drop_database(database_);
}

void System::start_controller() {
  ControllerOptions options;
  options.lease.name = {"kube-system", "neoid"};
  options.lease.holder = "test-" + std::to_string(::getpid());
  options.lease.retry_period = std::chrono::seconds(1);
  options.settings.issuer = "https://issuer.example";
  options.settings.create_deadline = 1s;
  options.sweep_interval = 500ms;
  auto controller = Controller::create(*client_, *store_, clock_, metrics_, options);
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

void System::outside(const std::string& sql) {
  if (form_ == StoreForm::Postgres) {
    const auto connection = test::PostgresServer::get()->connect(database_);
    ASSERT_EQ(test::pg_ask(connection.get(), sql).error, "");
    return;
  }
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "identity.db").c_str(), &database), SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

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

Json make_scope(const std::string& name) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", "Scope"},
          {"metadata", {{"name", name}}},
          {"spec", {{"displayName", name}, {"tool", name}}}};
}

}  // namespace neoid::reconcilers
