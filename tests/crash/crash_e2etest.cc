// The crash tests as cases of GoogleTest: each is a run of tests/crash/cases.py, several side by side, since most of
// the time they wait. NEOID_CRASH_JOBS says how many (6).
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "controller/base/crash_point.h"
#include "tests/support/postgres.h"

namespace {

struct Outcome {
  int code = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer;
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.output.append(buffer.data(), size);
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string points() {
  std::string text;
  for (const std::string_view point : neoid::kCrashPoints) text += std::string(point) + ' ';
  return text;
}

std::string program() { return "python3 -B '" + std::string(NEOID_SOURCE_DIR) + "/tests/crash/cases.py' "; }

// "kill/issue-committed/Rotate/sqlite", as cases.py lists them; one name that says so where it cannot.
std::vector<std::string> cases(const std::string& which) {
  const Outcome listed =
      run("NEOID_BUILD='" NEOID_BINARY_DIR "' " + program() + "list " + which + " " + points());
  std::vector<std::string> names;
  std::istringstream lines(listed.output);
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  if (listed.code != 0 || names.empty()) return {"the cases cannot be listed"};
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

// Runs the cases in the order in which the tests ask for them, some ahead of it.
class Runner {
 public:
  static Runner& get() {
    static Runner runner;
    return runner;
  }

  Outcome outcome(const std::string& name) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return outcomes_.count(name) != 0; });
    return outcomes_.at(name);
  }

 private:
  Runner() {
    set_environment();
    const auto& unit = *testing::UnitTest::GetInstance();
    for (int i = 0; i < unit.total_test_suite_count(); ++i) {
      const auto* suite = unit.GetTestSuite(i);
      for (int j = 0; j < suite->total_test_count(); ++j) {
        const auto* test = suite->GetTestInfo(j);
        // The text of a string parameter is printed in quotes.
        if (test->should_run() && test->value_param() != nullptr)
          waiting_.push_back(std::string(test->value_param() + 1, std::strlen(test->value_param()) - 2));
      }
    }
    const char* jobs = std::getenv("NEOID_CRASH_JOBS");
    for (int i = 0; i < (jobs == nullptr ? 6 : std::atoi(jobs)); ++i)
      threads_.emplace_back([this] { work(); });
  }

  static void set_environment() {
    ::setenv("NEOID_BUILD", NEOID_BINARY_DIR, 1);
    ::setenv("NEOID_CRASH_POINTS", points().c_str(), 1);
    if (std::getenv("NEOID_TEST_POSTGRES") != nullptr) return;
    if (const auto* postgres = neoid::test::PostgresServer::get(); postgres != nullptr)
      ::setenv("NEOID_TEST_POSTGRES", postgres->url("postgres").c_str(), 1);
  }

  void work() {
    for (;;) {
      std::string name;
      {
        const std::scoped_lock lock(mutex_);
        if (waiting_.empty()) return;
        name = waiting_.front();
        waiting_.pop_front();
      }
      Outcome outcome = run(program() + "run '" + name + "'");
      const std::scoped_lock lock(mutex_);
      outcomes_[name] = std::move(outcome);
      done_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<std::string> waiting_;
  std::map<std::string, Outcome> outcomes_;
  std::vector<std::jthread> threads_;
};

class Crash : public testing::TestWithParam<std::string> {};
// tests/support/run_tests.py runs the quick ones by default.
INSTANTIATE_TEST_SUITE_P(Quick, Crash, testing::ValuesIn(cases("quick")), test_name);
INSTANTIATE_TEST_SUITE_P(Rest, Crash, testing::ValuesIn(cases("rest")), test_name);

TEST_P(Crash, TheRulesHold) {
  const Outcome outcome = Runner::get().outcome(GetParam());
  EXPECT_EQ(outcome.code, 0) << outcome.output;
}

}  // namespace
