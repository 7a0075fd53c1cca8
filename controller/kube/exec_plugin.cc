// Running a credential plugin: a child process whose standard output is an ExecCredential.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include "controller/kube/token_source.h"
#include "reconcile/value/json_text.h"

extern char** environ;

namespace neoid::kube {
namespace {

using std::chrono::steady_clock;

constexpr auto kTimeLimit = std::chrono::minutes(1);
constexpr std::size_t kMaxOutput = 1 << 20;

Error denied(const ExecPlugin& plugin, const std::string& why) {
  std::string message = "credential plugin " + plugin.command + ": " + why;
  if (!plugin.install_hint.empty()) message += " (" + plugin.install_hint + ")";
  return {ErrorKind::Denied, message};
}

std::vector<std::string> child_environment(const ExecPlugin& plugin) {
  std::vector<std::string> entries;
  const auto set = [&](const std::string& name, const std::string& value) {
    std::erase_if(entries, [&](const std::string& entry) { return entry.rfind(name + "=", 0) == 0; });
    entries.push_back(name + "=" + value);
  };
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  for (const auto& [name, value] : plugin.variables) set(name, value);
  set("KUBERNETES_EXEC_INFO", R"({"kind":"ExecCredential","apiVersion":")" + plugin.api_version +
                                  R"(","spec":{"interactive":false}})");
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Starts the child with its standard output in `pipe_end`; 0 or an errno.
int start(const ExecPlugin& plugin, int pipe_end, pid_t& child) {
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<std::string> environment = child_environment(plugin);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_end, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);  // we ignore it, the child shall not
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int code = posix_spawnp(&child, plugin.command.c_str(), &actions, &attributes, pointers(words).data(),
                                pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return code;
}

// All of the pipe until its end; false when there is too much of it or it takes too long.
bool read_all(int pipe_end, std::string& output) {
  const auto deadline = steady_clock::now() + kTimeLimit;
  char buffer[4096];
  while (output.size() <= kMaxOutput) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    pollfd entry{pipe_end, POLLIN, 0};
    if (left <= 0 || ::poll(&entry, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t got = ::read(pipe_end, buffer, sizeof(buffer));
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return false;
    if (got > 0) output.append(buffer, static_cast<std::size_t>(got));
  }
  return false;
}

Result<ExecCredential> decode(const ExecPlugin& plugin, const std::string& output) {
  const auto parsed = parse_json(output);
  if (!parsed) return fail(denied(plugin, "its output is not JSON"));
  const Json status = parsed->is_object() ? parsed->value("status", Json()) : Json();
  const auto text = [&status](const char* key) {
    const auto found = status.find(key);
    return found != status.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!status.is_object()) return fail(denied(plugin, "its output has no status"));
  ExecCredential credential{Secret(text("token")),
                            {text("clientCertificateData"), Secret(text("clientKeyData"))},
                            parse_time(text("expirationTimestamp"))};
  if (credential.token.empty() && credential.identity.certificate_pem.empty()) {
    return fail(denied(plugin, "its output holds neither a token nor a certificate"));
  }
  return credential;
}

}  // namespace

Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(denied(plugin, std::generic_category().message(errno)));
  pid_t child = 0;
  const int code = start(plugin, ends[1], child);
  ::close(ends[1]);
  if (code != 0) {
    ::close(ends[0]);
    return fail(denied(plugin, "cannot be run: " + std::generic_category().message(code)));
  }
  std::string output;
  const bool whole = read_all(ends[0], output);
  ::close(ends[0]);
  if (!whole) ::kill(child, SIGKILL);
  int state = 0;
  while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  Result<ExecCredential> result = fail(denied(plugin, "it took too long or wrote too much"));
  if (whole && (!WIFEXITED(state) || WEXITSTATUS(state) != 0))
    result = fail(denied(plugin, "it failed; see its words above"));
  if (whole && WIFEXITED(state) && WEXITSTATUS(state) == 0) result = decode(plugin, output);
  cleanse(output);
  return result;
}

}  // namespace neoid::kube
