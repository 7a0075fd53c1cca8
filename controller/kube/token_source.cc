#include "controller/kube/token_source.h"

#include <chrono>

#include "controller/base/file.h"
#include "controller/base/mutex.h"

namespace neoid::kube {
namespace {

constexpr auto kReread = std::chrono::minutes(1);

class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(Secret token) : token_(std::move(token)) {}
  Result<Secret> token() override { return token_; }

 private:
  const Secret token_;
};

class TokenFile final : public TokenSource {
 public:
  TokenFile(std::string path, std::shared_ptr<const Clock> clock)
      : path_(std::move(path)), clock_(std::move(clock)) {}

  Result<Secret> token() override {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_->steady_now();
    if (!token_.empty() && now < read_again_) return token_;
    auto text = read_file(path_);
    const std::size_t end = text ? text->find_last_not_of(" \t\r\n") : std::string::npos;
    if (end != std::string::npos) {
      token_ = Secret(text->substr(0, end + 1));
      read_again_ = now + kReread;
    }
    if (text) cleanse(*text);
    if (token_.empty())
      return fail(ErrorKind::Denied, text ? path_ + ": there is no token in the file" : text.error().message);
    return token_;
  }
  void reject() override {
    MutexLock lock(mutex_);
    read_again_ = {};
  }

 private:
  const std::string path_;
  const std::shared_ptr<const Clock> clock_;
  Mutex mutex_;
  Secret token_ NEOID_GUARDED_BY(mutex_);
  SteadyTime read_again_ NEOID_GUARDED_BY(mutex_) = {};
};

class ExecToken final : public TokenSource {
 public:
  ExecToken(ExecPlugin plugin, ExecCredential first, std::shared_ptr<const Clock> clock)
      : plugin_(std::move(plugin)), clock_(std::move(clock)), credential_(std::move(first)) {}

  // The plugin runs under the lock: who else needs a token waits for the same run.
  Result<Secret> token() override {
    MutexLock lock(mutex_);
    const bool expired = credential_.expires && clock_->now() + kReread >= *credential_.expires;
    if (expired || rejected_) {
      auto fresh = run_exec_plugin(plugin_);
      if (!fresh) return fail(std::move(fresh).error());
      credential_ = std::move(*fresh);
      rejected_ = false;
    }
    return credential_.token;
  }
  void reject() override {
    MutexLock lock(mutex_);
    rejected_ = true;
  }

 private:
  const ExecPlugin plugin_;
  const std::shared_ptr<const Clock> clock_;
  Mutex mutex_;
  ExecCredential credential_ NEOID_GUARDED_BY(mutex_);
  bool rejected_ NEOID_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::shared_ptr<TokenSource> fixed_token(Secret token) {
  return std::make_shared<FixedToken>(std::move(token));
}

std::shared_ptr<TokenSource> token_file(std::string path, std::shared_ptr<const Clock> clock) {
  return std::make_shared<TokenFile>(std::move(path), std::move(clock));
}

std::shared_ptr<TokenSource> exec_token(ExecPlugin plugin, ExecCredential first,
                                        std::shared_ptr<const Clock> clock) {
  return std::make_shared<ExecToken>(std::move(plugin), std::move(first), std::move(clock));
}

}  // namespace neoid::kube
