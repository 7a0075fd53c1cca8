#include "controller/cli/validate/findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace neoid::validate {
namespace {

constexpr unsigned kLineBits = 26;
constexpr unsigned kColumnBits = 14;
constexpr std::uint64_t mask(unsigned bits) { return (std::uint64_t{1} << bits) - 1; }

std::uint64_t clamp(int value, unsigned bits) {
  return std::min(static_cast<std::uint64_t>(std::max(value, 0)), mask(bits));
}

auto key(const Finding& finding) {
  return std::tie(finding.file, finding.at.line, finding.at.column, finding.rule, finding.field,
                  finding.message, finding.resource);
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  files += other.files;
  resources += other.resources;
  skipped += other.skipped;
  unreadable += other.unreadable;
  return *this;
}

void Findings::add(Finding finding) {
  MutexLock lock(mutex_);
  if (kept_.size() < kMaxKept)
    kept_.push_back(std::move(finding));
  else
    ++dropped_;
}

std::vector<Finding> Findings::take() {
  MutexLock lock(mutex_);
  std::vector<Finding> findings = std::exchange(kept_, {});
  std::sort(findings.begin(), findings.end(),
            [](const Finding& a, const Finding& b) { return key(a) < key(b); });
  const auto same = [](const Finding& a, const Finding& b) { return key(a) == key(b); };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
  return findings;
}

std::size_t Findings::dropped() {
  MutexLock lock(mutex_);
  return dropped_;
}

policy::FactRef pack(std::uint32_t file, Position at) {
  return (static_cast<std::uint64_t>(file) << (kLineBits + kColumnBits)) |
         (clamp(at.line, kLineBits) << kColumnBits) | clamp(at.column, kColumnBits);
}

std::uint32_t file_of(policy::FactRef ref) {
  return static_cast<std::uint32_t>(ref >> (kLineBits + kColumnBits));
}

Position position_of(policy::FactRef ref) {
  return {static_cast<int>((ref >> kColumnBits) & mask(kLineBits)),
          static_cast<int>(ref & mask(kColumnBits))};
}

}  // namespace neoid::validate
