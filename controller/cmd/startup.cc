#include "controller/cmd/startup.h"

#include <algorithm>
#include <utility>

#include "controller/base/backoff.h"
#include "controller/base/log.h"
#include "controller/base/random.h"

namespace neoid::cmd {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(200);
constexpr Duration kLongestPause = std::chrono::seconds(5);

// An API server that is not up yet, or has not granted us anything yet, will; one that has never heard of what we ask
// for is none of ours, and what is wrong in itself stays so.
bool passes(ErrorKind kind) { return kind != ErrorKind::NotFound && kind != ErrorKind::Invalid; }

}  // namespace

Startup::Startup(Clock& clock, Duration patience, std::function<bool(Duration)> pause)
    : clock_(clock), patience_(patience), pause_(std::move(pause)) {}

void Startup::note(std::string problem) {
  MutexLock lock(mutex_);
  problem_ = std::move(problem);
}

bool Startup::may_pass(std::string_view what, const Error& error, int failures, SteadyTime deadline) {
  if (!passes(error.kind) || clock_.steady_now() >= deadline) return false;
  std::string problem = std::string(what) + ": " + error.describe();
  std::replace(problem.begin(), problem.end(), '\n', ' ');
  bool news = false;
  {
    MutexLock lock(mutex_);
    news = problem_ != problem;
    problem_ = problem;
  }
  if (news) log::warn("waiting to start", {{"problem", problem}});
  const Duration pause = jitter(backoff(failures, kFirstPause, kLongestPause), 0.2);
  if (!pause_(std::max<Duration>(pause, error.retry_after))) return true;
  MutexLock lock(mutex_);
  stopped_ = true;
  return false;
}

bool Startup::stopped() const {
  MutexLock lock(mutex_);
  return stopped_;
}

void Startup::done(HealthProbes probes) {
  MutexLock lock(mutex_);
  problem_.clear();
  probes_ = std::make_shared<const HealthProbes>(std::move(probes));
}

std::vector<std::string> Startup::unready() const {
  std::shared_ptr<const HealthProbes> probes;
  {
    MutexLock lock(mutex_);
    if (!probes_) return {problem_.empty() ? "starting" : problem_};
    probes = probes_;
  }
  return probes->unready();
}

void Startup::sample() const {
  std::shared_ptr<const HealthProbes> probes;
  {
    MutexLock lock(mutex_);
    probes = probes_;
  }
  if (probes) probes->sample();
}

}  // namespace neoid::cmd
