// A PostgreSQL server for tests: the one that NEOID_TEST_POSTGRES names (a superuser's libpq URL), else a private
// one, started at the first use and gone with the process, however that ends. Header-only.
#pragma once

#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

namespace neoid::test {

struct PgConnDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using PgConn = std::unique_ptr<PGconn, PgConnDeleter>;

// What a script answered: the first column of the last row set, or what the database said against it.
struct PgAnswer {
  std::string value;
  std::string error;  // one line; empty: none
};

inline PgAnswer pg_ask(PGconn* connection, const std::string& sql) {
  PgAnswer answer;
  if (PQstatus(connection) != CONNECTION_OK) return {"", PQerrorMessage(connection)};
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK && PQntuples(result) > 0) answer.value = PQgetvalue(result, 0, 0);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    answer.error = PQerrorMessage(connection);
    answer.error = answer.error.substr(0, answer.error.find('\n'));
  }
  PQclear(result);
  return answer;
}

// A private server that tests/support/private_postgres.py keeps for us, which see for the commands. Gone with this
// object, and with the process however that ends.
class PrivatePostgres {
 public:
  PrivatePostgres() {
    int down[2];
    int up[2];
    if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) return;
    const std::string script = NEOID_SOURCE_DIR "/tests/support/private_postgres.py";
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(down[0], STDIN_FILENO);
      ::dup2(up[1], STDOUT_FILENO);
      ::execlp("python3", "python3", script.c_str(), "--serve", nullptr);
      ::_exit(127);
    }
    ::close(down[0]);
    ::close(up[1]);
    to_ = down[1];
    from_ = up[0];
    settings_ = read_line();
  }
  ~PrivatePostgres() {
    ::close(to_);  // it ends by itself, and takes its servers along
    ::close(from_);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // Everything of a libpq text but the database; empty: it could not be started.
  const std::string& settings() const { return settings_; }
  // "ok" with what was answered, or what went wrong.
  std::string tell(const std::string& command) {
    const std::string line = command + "\n";
    if (::write(to_, line.data(), line.size()) < 0) return "failed: the server's keeper is gone";
    return read_line();
  }

 private:
  std::string read_line() {
    std::string line;
    char c = 0;
    while (::read(from_, &c, 1) == 1 && c != '\n') line += c;
    return line;
  }

  pid_t child_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string settings_;
};

class PostgresServer {
 public:
  // Null where no server can be had: then the tests that need one say so and fail.
  static PostgresServer* get() {
    static PostgresServer server;
    return server.settings_.empty() ? nullptr : &server;
  }

  // A libpq text for this database, as the superuser.
  std::string url(const std::string& database) const { return settings_ + "dbname='" + database + "'"; }
  PgConn connect(const std::string& database) const {
    PgConn connection(PQconnectdb(url(database).c_str()));
    PQsetNoticeProcessor(
        connection.get(), [](void*, const char*) {}, nullptr);
    return connection;
  }

  // A copy of `from`, which nobody must be connected to.
  std::string create_database(const std::string& from = "template0") {
    static std::atomic<int> count{0};
    const std::string name = "neoid_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    const PgConn admin = connect("postgres");
    const PgAnswer made =
        pg_ask(admin.get(), "CREATE DATABASE " + name + " TEMPLATE " + from + " ENCODING 'UTF8'");
    return made.error.empty() ? name : "";
  }
  void drop_database(const std::string& name) {
    const PgConn admin = connect("postgres");
    pg_ask(admin.get(), "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  }

 private:
  PostgresServer() {
    if (const char* url = std::getenv("NEOID_TEST_POSTGRES"); url != nullptr && *url != '\0') {
      use(url);
    } else {
      own_ = std::make_unique<PrivatePostgres>();
      settings_ = own_->settings();
    }
  }
  // Everything but the database, as key='value' text.
  void use(const std::string& url) {
    PQconninfoOption* options = PQconninfoParse(url.c_str(), nullptr);
    if (options == nullptr) return;
    for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
      if (option->val == nullptr || std::string(option->keyword) == "dbname") continue;
      settings_ += std::string(option->keyword) + "='" + option->val + "' ";
    }
    PQconninfoFree(options);
  }

  std::string settings_;
  std::unique_ptr<PrivatePostgres> own_;
};

}  // namespace neoid::test
