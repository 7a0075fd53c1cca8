#include "controller/oauth/use_recorder.h"

#include <span>
#include <vector>

#include "controller/base/log.h"

namespace neoid::oauth {
namespace {

constexpr std::size_t kUsesPerWrite = 500;

}  // namespace

UseRecorder::UseRecorder(store::IdentityStore& store, Clock& clock, Duration interval)
    : store_(store), clock_(clock), interval_(interval) {}

void UseRecorder::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (clock_.sleep_for(interval_, stop)) {
      if (auto done = flush(); !done)
        log::warn("last use of credentials cannot be recorded now", {{"error", done.error().describe()}});
    }
  });
}

void UseRecorder::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  if (auto done = flush(); !done)
    log::warn("last use of credentials is lost", {{"error", done.error().describe()}});
}

void UseRecorder::record(const UserId& user, VersionNumber version) {
  const MutexLock lock(mutex_);
  used_.emplace(user, version);
}

Result<void> UseRecorder::flush() {
  std::set<Use> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(used_);
  }
  std::vector<store::CredentialUse> uses;
  for (const Use& use : taken) uses.push_back({use.first, use.second});
  const std::span<const store::CredentialUse> all(uses);
  for (std::size_t at = 0; at < all.size(); at += kUsesPerWrite) {
    auto written = store_.record_use(all.subspan(at, std::min(kUsesPerWrite, all.size() - at)));
    if (written) continue;
    const MutexLock lock(mutex_);
    for (; at < all.size(); ++at) used_.emplace(all[at].user_id, all[at].version);
    return written;
  }
  return {};
}

}  // namespace neoid::oauth
