// A PostgreSQL server for tests: the one that NEOID_TEST_POSTGRES names (a superuser's libpq URL), else a private
// one, started at the first use and gone with the process, however that ends.
//
// The private one listens on a Unix socket in a temporary folder only. Header-only; one server a process.
#pragma once

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

  std::string create_database() {
    static std::atomic<int> count{0};
    const std::string name = "neoid_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    const PgConn admin = connect("postgres");
    const PgAnswer made =
        pg_ask(admin.get(), "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'");
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
      start();
    }
  }
  ~PostgresServer() {
    if (process_ > 0) {
      ::kill(process_, SIGQUIT);
      ::waitpid(process_, nullptr, 0);
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
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

  static std::string programs() {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
      const std::string folder = entry.path().string() + "/bin";
      if (std::filesystem::exists(folder + "/initdb")) found.push_back(folder);
    }
    std::sort(found.begin(), found.end());
    return found.empty() ? "/usr/local/bin" : found.back();
  }

  // The server refuses to run as root, and must not outlive this process.
  static pid_t spawn(const std::vector<std::string>& command, const passwd* user) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    if (::chdir("/") != 0) ::_exit(126);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  void start() {
    std::string folder = (std::filesystem::temp_directory_path() / "neoid-pg-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return;
    folder_ = folder;
    const passwd* user = ::getuid() == 0 ? ::getpwnam("postgres") : nullptr;
    if (::getuid() == 0 && (user == nullptr || ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0))
      return;
    ::chmod(folder.c_str(), 0755);
    const std::string data = folder + "/data";
    int status = 1;
    ::waitpid(spawn({programs() + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                     "--locale=C", "--no-sync"},
                    user),
              &status, 0);
    if (status != 0) return;
    process_ = spawn(
        {programs() + "/postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off",
         "-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_min_messages=fatal"},
        user);
    const std::string settings = "host='" + folder + "' user='postgres' ";
    for (int attempt = 0; attempt < 300; ++attempt) {
      const PgConn connection(PQconnectdb((settings + "dbname='postgres'").c_str()));
      if (PQstatus(connection.get()) == CONNECTION_OK) {
        settings_ = settings;
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  std::string settings_;
  std::string folder_;
  pid_t process_ = -1;
};

}  // namespace neoid::test
