// Findings: what validate has to say, gathered by several threads and put in order at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/mutex.h"
#include "reconcile/policy/across.h"
#include "reconcile/value/source_map.h"

namespace neoid::validate {

using policy::Severity;

// Rules besides those of reconcile/policy: stable words, for programs.
namespace rule {
inline constexpr std::string_view kUnreadable = "unreadable";
inline constexpr std::string_view kYaml = "yaml";
inline constexpr std::string_view kDuplicateKey = "duplicate-key";
inline constexpr std::string_view kUnknownField = "unknown-field";
inline constexpr std::string_view kNotAnObject = "not-an-object";
inline constexpr std::string_view kMetadata = "metadata";
inline constexpr std::string_view kUnknownKind = "unknown-kind";
inline constexpr std::string_view kUnknownVersion = "unknown-version";
inline constexpr std::string_view kUnknownGroup = "unknown-group";
inline constexpr std::string_view kTransition = "transition";
inline constexpr std::string_view kOlderUnreadable = "older-unreadable";
inline constexpr std::string_view kInvalidCrd = "invalid-crd";
}  // namespace rule

struct Finding {
  Severity severity = Severity::Error;
  std::uint32_t file = 0;  // number of the input
  Position at;             // line 0: the file as a whole
  std::string resource;    // "IntegrationUser apps/billing"; empty: none
  std::string field;       // "spec.scopes[0]"; empty: the whole
  std::string rule;
  std::string message;  // what is wrong
  std::string help;     // how to mend it; may be empty
};

struct Counts {
  std::uint64_t files = 0;
  std::uint64_t resources = 0;   // judged
  std::uint64_t skipped = 0;     // of other groups
  std::uint64_t unreadable = 0;  // inputs
  Counts& operator+=(const Counts& other);
};

// Thread-safe until taken.
class Findings {
 public:
  static constexpr std::size_t kMaxKept = 10'000;  // more are counted only

  void add(Finding finding) NEOID_EXCLUDES(mutex_);
  // Sorted by file, line, column, rule; each once.
  std::vector<Finding> take() NEOID_EXCLUDES(mutex_);
  std::size_t dropped() NEOID_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::vector<Finding> kept_ NEOID_GUARDED_BY(mutex_);
  std::size_t dropped_ NEOID_GUARDED_BY(mutex_) = 0;
};

// A place as one number, and back: 24 bits of file, 26 of line, 14 of column (what is greater counts as the greatest).
policy::FactRef pack(std::uint32_t file, Position at);
std::uint32_t file_of(policy::FactRef ref);
Position position_of(policy::FactRef ref);

}  // namespace neoid::validate
