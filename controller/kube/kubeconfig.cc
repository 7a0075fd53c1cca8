#include "controller/kube/kubeconfig.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "controller/base/file.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/yaml.h"

namespace neoid::kube {
namespace {

namespace fs = std::filesystem;

// One entry of clusters, users or contexts, and the file it came from: relative paths start there.
struct Entry {
  std::string file;
  std::string where;  // "users[alice].user"
  Json value = Json::object();

  tl::unexpected<Error> refuse(const std::string& key, const std::string& why) const {
    return fail(ErrorKind::Invalid, file + ": " + where + (key.empty() ? "" : "." + key) + ": " + why);
  }
  // "" if it is not there.
  Result<std::string> text(const std::string& key) const {
    const auto found = value.find(key);
    if (found == value.end() || found->is_null()) return std::string();
    if (!found->is_string()) return refuse(key, "must be a string; put it in quotes");
    return found->get<std::string>();
  }
  std::string path(const std::string& relative) const {
    return (fs::path(file).parent_path() / relative).string();
  }
};

// The text under `key-data` (base64), else in the file under `key`.
Result<std::string> data_or_file(const Entry& entry, const std::string& key) {
  NEOID_TRY(const std::string data, entry.text(key + "-data"));
  if (!data.empty()) {
    const auto decoded = unbase64(data);
    if (!decoded) return entry.refuse(key + "-data", "is not base64; use " + key + " to name a file");
    return *decoded;
  }
  NEOID_TRY(const std::string path, entry.text(key));
  if (path.empty()) return std::string();
  auto text = read_file(entry.path(path));
  if (!text) return entry.refuse(key, text.error().message);
  return text;
}

// All files of the configuration as one: the first file that names something wins.
class Merged {
 public:
  Result<void> add(const std::string& file) {
    NEOID_TRY(const std::string text, read_file(file));
    auto parsed = parse_yaml(text);
    if (!parsed) return fail(ErrorKind::Invalid, file + ": " + parsed.error().message);
    files_ += (files_.empty() ? "" : ", ") + file;
    if (parsed->is_null()) return {};
    if (!parsed->is_object())
      return fail(ErrorKind::Invalid, file + ": is not a kubeconfig: the top must be a mapping");
    const auto current = parsed->find("current-context");
    if (context_.empty() && current != parsed->end() && current->is_string()) context_ = *current;
    for (const std::string list : {"cluster", "user", "context"})
      NEOID_TRY_VOID(add_list(file, *parsed, list));
    return {};
  }

  // `kind`: "cluster", "user" or "context". `who` names it, for the error.
  Result<Entry> find(const std::string& kind, const std::string& name, const std::string& who) const {
    const auto found = entries_.find({kind, name});
    if (found != entries_.end()) return found->second;
    std::string known;
    for (const auto& [key, entry] : entries_) {
      if (key.first == kind) known += (known.empty() ? "" : ", ") + key.second;
    }
    return fail(ErrorKind::Invalid, files_ + ": " + who + " \"" + name + "\" is not among the " + kind +
                                        "s (" + (known.empty() ? "none" : known) + ")");
  }
  const std::string& current_context() const { return context_; }
  const std::string& files() const { return files_; }

 private:
  Result<void> add_list(const std::string& file, const Json& top, const std::string& kind) {
    const auto list = top.find(kind + "s");
    if (list == top.end() || list->is_null()) return {};
    if (!list->is_array()) return fail(ErrorKind::Invalid, file + ": " + kind + "s: must be a list");
    for (const Json& item : *list) {
      const bool named = item.is_object() && item.contains("name") && item["name"].is_string();
      if (!named) return fail(ErrorKind::Invalid, file + ": " + kind + "s: every entry needs a name");
      const std::string name = item["name"];
      const auto value = item.find(kind);
      Entry entry{file, kind + "s[" + name + "]." + kind, Json::object()};
      if (value != item.end() && !value->is_null()) {
        if (!value->is_object()) return entry.refuse("", "must be a mapping");
        entry.value = *value;
      }
      entries_.emplace(std::make_pair(kind, name), std::move(entry));
    }
    return {};
  }

  std::map<std::pair<std::string, std::string>, Entry> entries_;
  std::string context_;
  std::string files_;
};

Result<void> read_cluster(const Entry& cluster, Access& access) {
  NEOID_TRY(access.server, cluster.text("server"));
  if (access.server.empty()) return cluster.refuse("server", "is missing; write the URL of the API server");
  NEOID_TRY(access.proxy_url, cluster.text("proxy-url"));
  if (!access.proxy_url.empty() && !access.proxy_url.starts_with("http://"))
    return cluster.refuse("proxy-url", "must be http://HOST:PORT; other kinds of proxy are not supported");
  NEOID_TRY(access.tls.ca_pem, data_or_file(cluster, "certificate-authority"));
  NEOID_TRY(access.tls.server_name, cluster.text("tls-server-name"));
  const auto insecure = cluster.value.find("insecure-skip-tls-verify");
  if (insecure != cluster.value.end() && *insecure == true) {
    if (!access.tls.ca_pem.empty()) {
      return cluster.refuse("insecure-skip-tls-verify",
                            "contradicts certificate-authority; remove one of them");
    }
    access.tls.verify = http::Verify::Nobody;
  }
  return {};
}

Result<ExecPlugin> read_exec(const Entry& user) {
  Entry exec{user.file, user.where + ".exec", user.value.at("exec")};
  if (!exec.value.is_object()) return exec.refuse("", "must be a mapping");
  ExecPlugin plugin;
  NEOID_TRY(plugin.command, exec.text("command"));
  NEOID_TRY(plugin.api_version, exec.text("apiVersion"));
  NEOID_TRY(plugin.install_hint, exec.text("installHint"));
  if (plugin.command.empty()) return exec.refuse("command", "is missing");
  if (plugin.command.find('/') != std::string::npos) plugin.command = exec.path(plugin.command);
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return exec.refuse("apiVersion", "must be client.authentication.k8s.io/v1 or v1beta1");
  }
  const Json arguments = exec.value.value("args", Json());
  for (const Json& argument : arguments.is_array() ? arguments : Json::array()) {
    if (!argument.is_string()) return exec.refuse("args", "must be strings; put them in quotes");
    plugin.arguments.push_back(argument);
  }
  const Json variables = exec.value.value("env", Json());
  for (const Json& variable : variables.is_array() ? variables : Json::array()) {
    const Entry item{exec.file, exec.where + ".env", variable.is_object() ? variable : Json::object()};
    NEOID_TRY(const std::string name, item.text("name"));
    NEOID_TRY(const std::string value, item.text("value"));
    if (name.empty()) return item.refuse("name", "is missing");
    plugin.variables.emplace_back(name, value);
  }
  return plugin;
}

Result<void> read_user(const Entry& user, Access& access, std::shared_ptr<const Clock> clock) {
  NEOID_TRY(access.tls.identity.certificate_pem, data_or_file(user, "client-certificate"));
  NEOID_TRY(std::string key, data_or_file(user, "client-key"));
  if (access.tls.identity.certificate_pem.empty() != key.empty()) {
    return user.refuse("", "client-certificate and client-key go together; one of them is missing");
  }
  access.tls.identity.key_pem = Secret(std::move(key));
  NEOID_TRY(const std::string as, user.text("as"));
  if (!as.empty()) access.headers.add("Impersonate-User", as);
  const Json groups = user.value.value("as-groups", Json());
  for (const Json& group : groups.is_array() ? groups : Json::array()) {
    if (!group.is_string()) return user.refuse("as-groups", "must be strings; put them in quotes");
    access.headers.add("Impersonate-Group", group);
  }
  if (user.value.contains("auth-provider")) {
    return user.refuse("auth-provider", "is no longer supported by Kubernetes either; use exec");
  }
  NEOID_TRY(const std::string name, user.text("username"));
  if (!name.empty())
    return user.refuse("username", "passwords are not supported; use a token or a client certificate");
  NEOID_TRY(const std::string file, user.text("tokenFile"));
  NEOID_TRY(std::string token, user.text("token"));
  if (!file.empty()) {
    access.tokens = token_file(user.path(file), std::move(clock));
  } else if (!token.empty()) {
    access.tokens = fixed_token(Secret(std::move(token)));
  } else if (user.value.contains("exec")) {
    NEOID_TRY(ExecPlugin plugin, read_exec(user));
    NEOID_TRY(ExecCredential credential, run_exec_plugin(plugin));
    if (!credential.identity.certificate_pem.empty()) access.tls.identity = credential.identity;
    access.tokens = exec_token(std::move(plugin), std::move(credential), std::move(clock));
  }
  return {};
}

Result<Access> access_of(const Merged& merged, const std::string& wanted,
                         std::shared_ptr<const Clock> clock) {
  Access access;
  access.context = wanted.empty() ? merged.current_context() : wanted;
  if (access.context.empty()) {
    return fail(ErrorKind::Invalid,
                merged.files() + ": current-context: is not set; set it or name a context");
  }
  NEOID_TRY(const Entry context,
            merged.find("context", access.context, wanted.empty() ? "current-context" : "context"));
  NEOID_TRY(const std::string cluster_name, context.text("cluster"));
  NEOID_TRY(const std::string user_name, context.text("user"));
  NEOID_TRY(access.ns, context.text("namespace"));
  if (access.ns.empty()) access.ns = "default";
  NEOID_TRY(const Entry cluster, merged.find("cluster", cluster_name, context.where + ".cluster"));
  NEOID_TRY_VOID(read_cluster(cluster, access));
  if (user_name.empty()) return access;
  NEOID_TRY(const Entry user, merged.find("user", user_name, context.where + ".user"));
  NEOID_TRY_VOID(read_user(user, access, std::move(clock)));
  return access;
}

// Files that exist of a list separated by colons.
std::vector<std::string> existing_files(std::string_view list) {
  std::vector<std::string> files;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    const std::string file(list.substr(0, end));
    std::error_code ignored;
    if (!file.empty() && fs::exists(file, ignored)) files.push_back(file);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return files;
}

Result<Access> in_cluster(const Environment& environment, const std::string& host,
                          std::shared_ptr<const Clock> clock) {
  const std::string port = environment.variable("KUBERNETES_SERVICE_PORT").value_or("443");
  Access access;
  access.server = "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
  NEOID_TRY(access.tls.ca_pem, read_file(environment.service_account + "/ca.crt"));
  access.tokens = token_file(environment.service_account + "/token", std::move(clock));
  const auto ns = read_file(environment.service_account + "/namespace");
  access.ns = ns && !ns->empty() ? *ns : "default";
  return access;
}

}  // namespace

Environment process_environment() {
  return {[](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  }};
}

Result<Access> load_access(const ConnectionOptions& options, const Environment& environment,
                           std::shared_ptr<const Clock> clock) {
  std::vector<std::string> files;
  const auto list = environment.variable("KUBECONFIG");
  if (!options.kubeconfig.empty()) {
    files = {options.kubeconfig};
  } else if (list) {
    files = existing_files(*list);
    if (files.empty())
      return fail(ErrorKind::Invalid, "$KUBECONFIG (" + *list + ") names no file that exists");
  } else if (const auto home = environment.variable("HOME")) {
    files = existing_files(*home + "/.kube/config");
  }
  if (files.empty()) {
    const auto host = environment.variable("KUBERNETES_SERVICE_HOST");
    if (host && options.context.empty()) return in_cluster(environment, *host, std::move(clock));
    return fail(ErrorKind::NotFound,
                "no kubeconfig: there is no --kubeconfig, $KUBECONFIG or ~/.kube/config, and this is no pod");
  }
  Merged merged;
  for (const std::string& file : files) NEOID_TRY_VOID(merged.add(file));
  return access_of(merged, options.context, std::move(clock));
}

Result<std::shared_ptr<Transport>> connect(const ConnectionOptions& options) {
  NEOID_TRY(const Access access,
            load_access(options, process_environment(), std::make_shared<SystemClock>()));
  return connect(access);
}

}  // namespace neoid::kube
