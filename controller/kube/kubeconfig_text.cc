// Writing a kubeconfig of our own.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "controller/kube/kubeconfig.h"
#include "reconcile/base/crypto.h"

namespace neoid::kube {
namespace {

// Values are quoted: yaml-cpp writes a plain `true` or `123` for the strings "true" and "123" otherwise.
void put(YAML::Emitter& out, const char* key, std::string_view value) {
  out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << std::string(value);
}

void put_user(YAML::Emitter& out, const KubeconfigUser& user) {
  out << YAML::BeginMap;
  put(out, "name", user.name);
  out << YAML::Key << "user" << YAML::Value << YAML::BeginMap;
  if (!user.token.empty()) put(out, "token", user.token.reveal());
  if (!user.identity.certificate_pem.empty()) {
    put(out, "client-certificate-data", base64(user.identity.certificate_pem));
    put(out, "client-key-data", base64(user.identity.key_pem.reveal()));
  }
  out << YAML::EndMap << YAML::EndMap;
}

void put_context(YAML::Emitter& out, const std::string& cluster_name, const KubeconfigUser& user) {
  out << YAML::BeginMap;
  put(out, "name", user.name);
  out << YAML::Key << "context" << YAML::Value << YAML::BeginMap;
  put(out, "cluster", cluster_name);
  put(out, "user", user.name);
  if (!user.ns.empty()) put(out, "namespace", user.ns);
  out << YAML::EndMap << YAML::EndMap;
}

void put_cluster(YAML::Emitter& out, const std::string& name, const std::string& server,
                 const std::string& ca_pem) {
  out << YAML::BeginMap;
  put(out, "name", name);
  out << YAML::Key << "cluster" << YAML::Value << YAML::BeginMap;
  put(out, "server", server);
  if (!ca_pem.empty()) put(out, "certificate-authority-data", base64(ca_pem));
  out << YAML::EndMap << YAML::EndMap;
}

}  // namespace

std::string kubeconfig_text(const std::string& cluster_name, const std::string& server,
                            const std::string& ca_pem, const std::vector<KubeconfigUser>& users) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  put(out, "apiVersion", "v1");
  put(out, "kind", "Config");
  out << YAML::Key << "clusters" << YAML::Value << YAML::BeginSeq;
  put_cluster(out, cluster_name, server, ca_pem);
  out << YAML::EndSeq << YAML::Key << "users" << YAML::Value << YAML::BeginSeq;
  for (const KubeconfigUser& user : users) put_user(out, user);
  out << YAML::EndSeq << YAML::Key << "contexts" << YAML::Value << YAML::BeginSeq;
  for (const KubeconfigUser& user : users) put_context(out, cluster_name, user);
  out << YAML::EndSeq;
  if (!users.empty()) put(out, "current-context", users.front().name);
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

Result<void> write_kubeconfig(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  const auto failed = [&path] {
    return fail(ErrorKind::Unavailable,
                "cannot write " + path + ": " + std::generic_category().message(errno));
  };
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed();
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool whole = rest.empty() && ::fsync(file) == 0;
  auto result = whole ? Result<void>() : Result<void>(failed());
  ::close(file);
  if (result && std::rename(draft.c_str(), path.c_str()) != 0) result = failed();
  if (!result) ::unlink(draft.c_str());
  return result;
}

}  // namespace neoid::kube
