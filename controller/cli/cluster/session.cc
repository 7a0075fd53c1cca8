#include "controller/cli/cluster/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace neoid::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kQuiet = 2s;  // what is faster needs no progress
constexpr Duration kPoll = 200ms;
constexpr int kPage = 500;

// The progress of one wait, on the error stream.
class ProgressLine {
 public:
  ProgressLine(std::ostream& err, Terminal terminal) : err_(err), terminal_(terminal) {}
  ~ProgressLine() {
    if (terminal_ == Terminal::Yes && !last_.empty()) err_ << "\r\x1b[K" << std::flush;
  }

  void show(const std::string& text, Duration elapsed) {
    if (terminal_ == Terminal::Yes) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
      err_ << "\r\x1b[K" << text << " (" << seconds << "s)" << std::flush;
    } else if (text != last_) {
      err_ << text << std::endl;
    }
    last_ = text;
  }

 private:
  std::ostream& err_;
  const Terminal terminal_;
  std::string last_;
};

}  // namespace

const kube::ResourceType& resource_type(api::Kind kind) {
  static const kube::ResourceType kUsers{std::string(api::kGroup), std::string(api::kVersion),
                                         "integrationusers", true};
  static const kube::ResourceType kSystemUsers{std::string(api::kGroup), std::string(api::kVersion),
                                               "systemintegrationusers", false};
  static const kube::ResourceType kScopes{std::string(api::kGroup), std::string(api::kVersion), "scopes",
                                          false};
  switch (kind) {
    case api::Kind::IntegrationUser: return kUsers;
    case api::Kind::SystemIntegrationUser: return kSystemUsers;
    case api::Kind::Scope: return kScopes;
  }
  return kUsers;
}

Result<Session> Session::open(const ClusterFlags& flags, const Streams& streams) {
  NEOID_TRY(const kube::Access access, kube::load_access(flags.connection, kube::process_environment(),
                                                         std::make_shared<SystemClock>()));
  NEOID_TRY(const std::shared_ptr<kube::Transport> transport, kube::connect(access));
  const std::string ns = !flags.ns.empty() ? flags.ns : access.ns.empty() ? "default" : access.ns;
  const Terminal terminal = ::isatty(STDERR_FILENO) != 0 ? Terminal::Yes : Terminal::No;
  return Session(std::make_shared<kube::Client>(transport), ns, streams, terminal);
}

Result<api::ResourceKey> Session::parse_user(const std::string& text) const {
  const std::size_t slash = text.find('/');
  api::ResourceKey key{api::Kind::IntegrationUser, ns_, text};
  if (slash != std::string::npos) {
    key.ns = text.substr(0, slash);
    key.name = text.substr(slash + 1);
  }
  if (key.ns.empty() || key.name.empty() || key.name.find('/') != std::string::npos)
    return fail(ErrorKind::Invalid,
                "'" + text + "' is neither NAME nor NAMESPACE/NAME of an integration user");
  return key;
}

Result<std::vector<Json>> Session::list(const kube::ResourceType& type) const {
  std::vector<Json> items;
  std::string token;
  do {
    NEOID_TRY(kube::ListPage page, client_->list(type, {}, kPage, token));
    for (Json& item : page.items) items.push_back(std::move(item));
    token = page.continue_token;
  } while (!token.empty());
  return items;
}

Result<Json> Session::read(const api::ResourceKey& key) const {
  auto object = client_->get(resource_type(key.kind), {key.ns, key.name});
  if (!object && object.error().kind == ErrorKind::NotFound) {
    const std::string look = key.ns.empty()
                                 ? fmt::format("kubectl get {}", api::plural(key.kind))
                                 : fmt::format("kubectl get {} -n {}", api::plural(key.kind), key.ns);
    return fail(ErrorKind::NotFound,
                fmt::format("there is no {}; `{}` lists what there is", key.text(), look));
  }
  return object;
}

Result<Json> Session::annotate(const api::ResourceKey& key, const Json& annotations) const {
  return client_->patch(resource_type(key.kind), {key.ns, key.name}, kube::PatchType::Merge,
                        {{"metadata", {{"annotations", annotations}}}});
}

Result<void> Session::wait_for(const std::string& what, Duration timeout,
                               const std::function<Result<Progress>()>& look) const {
  const SteadyTime begin = clock_->steady_now();
  ProgressLine line(streams_.err, terminal_);
  for (;;) {
    NEOID_TRY(const Progress progress, look());
    if (progress.done) return {};
    const auto elapsed = std::chrono::duration_cast<Duration>(clock_->steady_now() - begin);
    const std::string state = progress.state.empty() ? "" : ": " + progress.state;
    if (elapsed >= timeout)
      return fail(ErrorKind::Timeout,
                  fmt::format("after {} still waiting for {}{}", format_duration(timeout), what, state));
    if (elapsed >= kQuiet) line.show("waiting for " + what + state, elapsed);
    clock_->sleep_for(std::min(kPoll, timeout - elapsed), {});
  }
}

}  // namespace neoid::cli
