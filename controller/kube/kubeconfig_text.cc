// Writing a kubeconfig of our own.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "controller/kube/kubeconfig.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"

namespace neoid::kube {
namespace {

// A YAML scalar in double quotes, which JSON's strings are.
std::string in_quotes(std::string_view text) { return to_json(Json(text)); }

}  // namespace

std::string kubeconfig_text(const std::string& cluster_name, const std::string& server,
                            const std::string& ca_pem, const std::vector<KubeconfigUser>& users) {
  std::string text = "apiVersion: v1\nkind: Config\nclusters:\n- name: " + in_quotes(cluster_name) +
                     "\n  cluster:\n    server: " + in_quotes(server) + "\n";
  if (!ca_pem.empty()) text += "    certificate-authority-data: " + base64(ca_pem) + "\n";
  text += users.empty() ? "users: []\n" : "users:\n";
  for (const KubeconfigUser& user : users) {
    text += "- name: " + in_quotes(user.name) + "\n  user:\n";
    if (!user.token.empty()) text += "    token: " + in_quotes(user.token.reveal()) + "\n";
    if (user.identity.certificate_pem.empty()) continue;
    text += "    client-certificate-data: " + base64(user.identity.certificate_pem) + "\n";
    text += "    client-key-data: " + base64(user.identity.key_pem.reveal()) + "\n";
  }
  text += users.empty() ? "contexts: []\n" : "contexts:\n";
  for (const KubeconfigUser& user : users) {
    text += "- name: " + in_quotes(user.name) + "\n  context:\n    cluster: " + in_quotes(cluster_name) +
            "\n    user: " + in_quotes(user.name) + "\n";
    if (!user.ns.empty()) text += "    namespace: " + in_quotes(user.ns) + "\n";
  }
  if (!users.empty()) text += "current-context: " + in_quotes(users.front().name) + "\n";
  return text;
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
