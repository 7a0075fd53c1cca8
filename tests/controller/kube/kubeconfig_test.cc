#include "controller/kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "reconcile/base/crypto.h"
#include "tests/support/fake_clock.h"

namespace neoid::kube {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Kubeconfig : public testing::Test {
 protected:
  Kubeconfig() {
    std::string name = (fs::temp_directory_path() / "neoid-kubeconfig-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Kubeconfig() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = fs::path(folder_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  Result<Access> load(const ConnectionOptions& options = {}) {
    const Environment environment{[this](const std::string& name) -> std::optional<std::string> {
                                    const auto found = variables_.find(name);
                                    if (found == variables_.end()) return std::nullopt;
                                    return found->second;
                                  },
                                  folder_ + "/serviceaccount"};
    return load_access(options, environment, clock_);
  }
  std::string token(const Access& access) { return std::string((*access.tokens->token()).reveal()); }

  std::string folder_;
  std::map<std::string, std::string> variables_;
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
};

std::string config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: main\n"
         "clusters:\n- name: c\n  cluster: " +
         cluster + "\n" + "users:\n- name: u\n  user: " + user + "\n" +
         "contexts:\n- name: main\n  context: {cluster: c, user: u, namespace: team}\n"
         "- name: bare\n  context: {cluster: c}\n";
}

TEST_F(Kubeconfig, data_and_token_are_taken_from_the_text) {
  variables_["KUBECONFIG"] = write(
      "config", config("{server: 'https://h:6443', tls-server-name: other, certificate-authority-data: " +
                           base64("ca pem") + "}",
                       "{token: t, client-certificate-data: " + base64("cert") +
                           ", client-key-data: " + base64("key") + ", as: bob, as-groups: [a, b]}"));
  const auto access = load();
  ASSERT_TRUE(access.has_value()) << access.error().describe();
  EXPECT_EQ(access->server, "https://h:6443");
  EXPECT_EQ(access->tls.ca_pem, "ca pem");
  EXPECT_EQ(access->tls.server_name, "other");
  EXPECT_EQ(access->tls.identity.certificate_pem, "cert");
  EXPECT_EQ(access->tls.identity.key_pem.reveal(), "key");
  EXPECT_EQ(access->ns, "team");
  EXPECT_EQ(access->context, "main");
  EXPECT_EQ(token(*access), "t");
  EXPECT_EQ(access->headers.get("Impersonate-User"), "bob");
  EXPECT_EQ(access->headers.all("Impersonate-Group").size(), 2U);
  const auto bare = load({"", "bare"});
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->ns, "default");
  EXPECT_EQ(bare->tokens, nullptr);
}

TEST_F(Kubeconfig, files_are_looked_for_beside_the_one_that_names_them) {
  write("dir/ca.crt", "ca pem");
  write("dir/sub/token", "t1\n");
  const std::string path = write(
      "dir/config", config("{server: 'https://h', certificate-authority: ca.crt}", "{tokenFile: sub/token}"));
  const auto access = load({path, ""});
  ASSERT_TRUE(access.has_value()) << access.error().describe();
  EXPECT_EQ(access->tls.ca_pem, "ca pem");
  EXPECT_EQ(token(*access), "t1");
}

TEST_F(Kubeconfig, a_token_file_is_read_again_after_a_minute_or_a_401) {
  write("token", "t1\n");
  const std::string path = write("config", config("{server: 'https://h'}", "{tokenFile: token}"));
  const auto access = load({path, ""});
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(token(*access), "t1");
  write("token", "t2\n");
  EXPECT_EQ(token(*access), "t1");
  clock_->advance(std::chrono::seconds(61));
  EXPECT_EQ(token(*access), "t2");
  write("token", "t3\n");
  access->tokens->reject();
  EXPECT_EQ(token(*access), "t3");
  fs::remove(folder_ + "/token");
  clock_->advance(std::chrono::seconds(61));
  EXPECT_EQ(token(*access), "t3");
}

TEST_F(Kubeconfig, of_several_files_the_first_that_names_something_wins) {
  const std::string first =
      write("first", "current-context: second\nusers:\n- name: u\n  user: {token: from-first}\n");
  const std::string second = write("second", config("{server: 'https://h'}", "{token: from-second}") +
                                                 "- name: second\n  context: {cluster: c, user: u}\n");
  variables_["KUBECONFIG"] = first + ":" + folder_ + "/missing:" + second;
  const auto access = load();
  ASSERT_TRUE(access.has_value()) << access.error().describe();
  EXPECT_EQ(access->context, "second");
  EXPECT_EQ(token(*access), "from-first");
}

TEST_F(Kubeconfig, without_any_the_pods_service_account_is_used) {
  EXPECT_EQ(load().error().kind, ErrorKind::NotFound);
  variables_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  variables_["KUBERNETES_SERVICE_PORT"] = "6443";
  EXPECT_EQ(load().error().kind, ErrorKind::Invalid);
  write("serviceaccount/ca.crt", "ca pem");
  write("serviceaccount/token", "pod token");
  write("serviceaccount/namespace", "neoid-system");
  const auto access = load();
  ASSERT_TRUE(access.has_value()) << access.error().describe();
  EXPECT_EQ(access->server, "https://[fd00::1]:6443");
  EXPECT_EQ(access->tls.ca_pem, "ca pem");
  EXPECT_EQ(access->ns, "neoid-system");
  EXPECT_EQ(token(*access), "pod token");
}

TEST_F(Kubeconfig, a_home_directory_is_looked_into_before_the_pod) {
  variables_["HOME"] = folder_;
  variables_["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  write(".kube/config", config("{server: 'https://home'}", "{token: t}"));
  const auto access = load();
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->server, "https://home");
}

TEST_F(Kubeconfig, errors_are_one_line_with_the_file_the_key_and_the_remedy) {
  struct Case {
    std::string text;
    const char* words;
  };
  const std::string good = "{server: 'https://h'}";
  const Case cases[] = {
      {"a: [", "yaml: line"},
      {"[]", "the top must be a mapping"},
      {"clusters: {}\n", "clusters: must be a list"},
      {"clusters:\n- cluster: {}\n", "clusters: every entry needs a name"},
      {"", "current-context: is not set"},
      {"current-context: x\n", "current-context \"x\" is not among the contexts (none)"},
      {"current-context: x\ncontexts:\n- name: x\n  context: {cluster: c}\nclusters:\n- name: d\n",
       "contexts[x].context.cluster \"c\" is not among the clusters (d)"},
      {config("{}", "{}"), "clusters[c].cluster.server: is missing"},
      {config("{server: 5}", "{}"), "clusters[c].cluster.server: must be a string"},
      {config("{server: h, proxy-url: 'socks5://x'}", "{}"), "proxy-url: must be http://HOST:PORT"},
      {config("{server: h, certificate-authority-data: '*'}", "{}"),
       "certificate-authority-data: is not base64"},
      {config("{server: h, certificate-authority: missing.crt}", "{}"), "missing.crt"},
      {config("{server: h, certificate-authority-data: YQ==, insecure-skip-tls-verify: true}", "{}"),
       "contradicts"},
      {config(good, "{client-key-data: YQ==}"), "client-certificate and client-key go together"},
      {config(good, "{username: a, password: b}"), "passwords are not supported"},
      {config(good, "{auth-provider: {name: gcp}}"), "use exec"},
      {config(good, "{exec: {apiVersion: client.authentication.k8s.io/v1}}"),
       "users[u].user.exec.command: is missing"},
      {config(good, "{exec: {command: x}}"), "exec.apiVersion: must be"},
  };
  for (const Case& c : cases) {
    const std::string path = write("config", c.text);
    const auto access = load({path, ""});
    ASSERT_FALSE(access.has_value()) << c.text;
    EXPECT_EQ(access.error().kind, ErrorKind::Invalid) << c.text;
    EXPECT_THAT(access.error().message, HasSubstr(c.words));
    EXPECT_THAT(access.error().message, HasSubstr(path));
    EXPECT_EQ(access.error().message.find('\n'), std::string::npos) << c.text;
  }
  EXPECT_EQ(load({folder_ + "/none", ""}).error().kind, ErrorKind::Invalid);
  variables_["KUBECONFIG"] = folder_ + "/none";
  EXPECT_THAT(load().error().message, HasSubstr("names no file that exists"));
}

TEST_F(Kubeconfig, verification_is_switched_off_only_when_asked) {
  const std::string path =
      write("config", config("{server: 'https://h', insecure-skip-tls-verify: true}", "{}"));
  EXPECT_EQ(load({path, ""})->tls.verify, http::Verify::Nobody);
  write("config", config("{server: 'https://h'}", "{}"));
  EXPECT_EQ(load({path, ""})->tls.verify, http::Verify::Peer);
}

// --- exec plugins ---

TEST_F(Kubeconfig, a_plugin_is_asked_for_the_token_and_again_when_it_expires) {
  const std::string plugin = write(
      "plugin.sh",
      "#!/bin/sh\necho x >> \"$(dirname $0)/runs\"\n"
      "[ \"$1 $EXTRA\" = 'get token' ] || exit 3\n"
      "case \"$KUBERNETES_EXEC_INFO\" in *client.authentication.k8s.io/v1\\\"*) ;; *) exit 4;; esac\n"
      "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":"
      "{\"token\":\"t'$(wc -l < \"$(dirname $0)/runs\" | tr -d ' ')'\",\"expirationTimestamp\":\"'$(cat "
      "\"$(dirname $0)/expires\")'\"}}'\n");
  chmod(plugin.c_str(), 0700);
  const Instant start = clock_->now();
  write("expires", format_time(start + std::chrono::hours(1)));
  const std::string path =
      write("config",
            config("{server: 'https://h'}",
                   "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, args: [get], "
                   "env: [{name: EXTRA, value: token}]}}"));
  const auto access = load({path, ""});
  ASSERT_TRUE(access.has_value()) << access.error().describe();
  EXPECT_EQ(token(*access), "t1");
  EXPECT_EQ(token(*access), "t1");
  write("expires", format_time(start + std::chrono::hours(9)));
  clock_->advance(std::chrono::minutes(59) + std::chrono::seconds(1));
  EXPECT_EQ(token(*access), "t2");
  EXPECT_EQ(token(*access), "t2");
  access->tokens->reject();
  EXPECT_EQ(token(*access), "t3");
}

TEST_F(Kubeconfig, a_plugin_that_fails_is_told_with_its_hint) {
  struct Case {
    const char* command;
    const char* words;
  };
  const Case cases[] = {{"/no/such/plugin", "cannot be run"},
                        {"false", "it failed"},
                        {"true", "not JSON"},
                        {"yes", "too much"}};
  for (const Case& c : cases) {
    const std::string path = write(
        "config",
        config("{server: 'https://h'}",
               "{exec: {apiVersion: client.authentication.k8s.io/v1, installHint: install it, command: '" +
                   std::string(c.command) + "'}}"));
    const auto access = load({path, ""});
    ASSERT_FALSE(access.has_value()) << c.command;
    EXPECT_EQ(access.error().kind, ErrorKind::Denied) << c.command;
    EXPECT_THAT(access.error().message, HasSubstr(c.words)) << c.command;
    EXPECT_THAT(access.error().message, HasSubstr("install it")) << c.command;
  }
}

// --- writing ---

TEST_F(Kubeconfig, what_is_written_is_read_again_and_for_the_owner_alone) {
  std::vector<KubeconfigUser> users(2);
  users[0].name = "platform";
  users[0].token = Secret("a: \"b\"");
  users[1].name = "admin";
  users[1].identity = {"cert pem", Secret("key pem")};
  users[1].ns = "team-a";
  const std::string path = folder_ + "/kubeconfig";
  const std::string text = kubeconfig_text("neoid", "https://127.0.0.1:6443", "ca pem", users);
  ASSERT_TRUE(write_kubeconfig(path, "old").has_value());
  ASSERT_TRUE(write_kubeconfig(path, text).has_value());
  struct stat state {};
  ASSERT_EQ(stat(path.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0600U);
  const auto first = load({path, ""});
  ASSERT_TRUE(first.has_value()) << first.error().describe();
  EXPECT_EQ(first->context, "platform");
  EXPECT_EQ(first->tls.ca_pem, "ca pem");
  EXPECT_EQ(token(*first), "a: \"b\"");
  const auto second = load({path, "admin"});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->tls.identity.certificate_pem, "cert pem");
  EXPECT_EQ(second->tls.identity.key_pem.reveal(), "key pem");
  EXPECT_EQ(second->ns, "team-a");
  EXPECT_EQ(write_kubeconfig(folder_ + "/none/kubeconfig", text).error().kind, ErrorKind::Unavailable);
}

}  // namespace
}  // namespace neoid::kube
