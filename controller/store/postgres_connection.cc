#include "controller/store/postgres_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <map>
#include <utility>

#include "controller/store/libpq_on_demand.h"

namespace neoid::store {
namespace {

// Before these of our own; whoever writes them into the URL has the last word.
const std::map<std::string, std::string> kDefaults{
    {"application_name", "neoid"}, {"connect_timeout", "5"},     {"client_encoding", "UTF8"},
    {"keepalives_idle", "10"},     {"keepalives_interval", "5"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "15000"},
};

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

std::string location_of(const std::map<std::string, std::string>& settings) {
  const auto get = [&](const char* name) {
    const auto found = settings.find(name);
    return found == settings.end() ? std::string() : found->second;
  };
  std::string text = "postgres://" + (get("host").empty() ? get("hostaddr") : get("host"));
  if (!get("port").empty()) text += ":" + get("port");
  return text + "/" + get("dbname");
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

Error by_class(std::string_view sqlstate, const std::string& what) {
  if (starts_with(sqlstate, "08") || sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "25P03") {
    return {ErrorKind::Unavailable, what, "Lost"};
  }
  if (starts_with(sqlstate, "40")) return {ErrorKind::Unavailable, what, "TryAgain"};
  if (sqlstate == "53100")
    return {ErrorKind::Unavailable, "the database's disk is full: " + what, "DiskFull"};
  if (starts_with(sqlstate, "53") || starts_with(sqlstate, "57") || starts_with(sqlstate, "58") ||
      sqlstate == "55P03" || sqlstate == "3D000" || starts_with(sqlstate, "28")) {
    return {ErrorKind::Unavailable, what, ""};
  }
  if (sqlstate == "25006") return {ErrorKind::Unavailable, "the database is read-only: " + what, "ReadOnly"};
  if (sqlstate == "42501") return {ErrorKind::Denied, what, "Privilege"};
  if (sqlstate == "23505") return {ErrorKind::Conflict, what, "AlreadyThere"};
  if (starts_with(sqlstate, "23") || starts_with(sqlstate, "22")) return {ErrorKind::Invalid, what, ""};
  return {ErrorKind::Internal, "postgres: " + what, ""};
}

// libpqxx 6 reconnects silently, and a session's locks and settings are gone; 7 never does, so this call is
// deprecated.
void inhibit_reactivation(pqxx::connection& connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (starts_with(line, "ERROR:  ")) line.erase(0, 8);
  return line;
}

}  // namespace

Error postgres_error(std::string_view sqlstate, const std::string& what) {
  const std::string line = first_line(what);
  if (sqlstate == "NE001") return {ErrorKind::Denied, line, "SystemUser"};
  if (sqlstate == "NE002" || sqlstate == "NE004") return {ErrorKind::Invalid, line, ""};
  if (sqlstate == "NE003") return {ErrorKind::Conflict, line, "ClientIdTaken"};
  return by_class(sqlstate, line);
}

Result<PgTarget> parse_postgres_url(const std::string& url) {
  if (auto loaded = load_libpq(); !loaded) return tl::unexpected(loaded.error());
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &message), &PQconninfoFree);
  if (message != nullptr) PQfreemem(message);
  if (!options) {
    return fail(ErrorKind::Invalid,
                "the store URL is none that PostgreSQL understands (it is not repeated here: "
                "it may hold a password)");
  }
  std::map<std::string, std::string> settings = kDefaults;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) settings[option->keyword] = option->val;
  }
  // Several hosts: the one that can be written to.
  if (settings["host"].find(',') != std::string::npos) settings.emplace("target_session_attrs", "read-write");
  PgTarget target;
  for (const auto& [name, value] : settings) {
    if (!value.empty()) target.conninfo += name + "=" + quoted(value) + " ";
  }
  target.location = location_of(settings);
  return target;
}

namespace {

void put_item(std::string& text, std::string_view item) {
  text += '"';
  if (item.find_first_of("\"\\") == std::string_view::npos) {
    text += item;
  } else {
    for (const char c : item) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  text += '"';
}
void put_item(std::string& text, std::int64_t item) { text += std::to_string(item); }
template <class T>
void put_item(std::string& text, const std::optional<T>& item) {
  if (item)
    put_item(text, *item);
  else
    text += "NULL";
}

template <class Items>
std::string array_text(const Items& items) {
  std::string text = "{";
  text.reserve(2 + items.size() * 24);
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    put_item(text, item);
  }
  return text + "}";
}

}  // namespace

std::string pg_array(const std::vector<std::string>& items) { return array_text(items); }
std::string pg_array(const std::vector<std::string_view>& items) { return array_text(items); }
std::string pg_array(const std::vector<std::int64_t>& items) { return array_text(items); }
std::string pg_array(const std::vector<std::optional<std::string_view>>& items) { return array_text(items); }
std::string pg_array(const std::vector<std::optional<std::int64_t>>& items) { return array_text(items); }

Result<std::unique_ptr<PgConnection>> PgConnection::connect(const PgTarget& target) {
  std::unique_ptr<PgConnection> connection(new PgConnection());
  try {
    connection->connection_ = std::make_unique<pqxx::connection>(target.conninfo);
    inhibit_reactivation(*connection->connection_);
    connection->connection_->set_verbosity(pqxx::connection_base::terse);
    connection->backend_ = connection->connection_->backendpid();
  } catch (const std::exception& error) {
    std::string what = error.what();
    while (!what.empty() && what.back() == '\n') what.pop_back();
    return fail(ErrorKind::Unavailable, "cannot connect to " + target.location + ": " + what, "Lost");
  }
  return connection;
}

bool PgConnection::alive() {
  if (broken_) return false;
  try {
    connection_->get_notifs();
  } catch (const std::exception&) {
    broken_ = true;
  }
  broken_ = broken_ || !connection_->is_open();
  return !broken_;
}

Error PgConnection::told(std::string_view sqlstate, const std::string& what) {
  Error error = postgres_error(sqlstate, what);
  if (error.reason == "Lost" || !connection_->is_open()) {
    broken_ = true;
    error.kind = ErrorKind::Unavailable;
    error.reason = "Lost";
  }
  return error;
}

Result<pqxx::result> PgConnection::run(const std::string& sql) {
  return guarded([&](pqxx::nontransaction& session) { return session.exec(sql); });
}

std::string PgConnection::prepared(const char* sql) {
  std::string name = fmt::format("s{:x}", reinterpret_cast<std::uintptr_t>(sql));
  if (prepared_.insert(sql).second) connection_->prepare(name, sql);
  return name;
}

}  // namespace neoid::store
