// OlderTree: the resources as they were (a merge base), to be compared with what is judged now.
//
// Holds one compact text a resource. Filled by one thread; then any number may ask.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/cli/validate/contracts.h"
#include "controller/cli/validate/findings.h"
#include "controller/cli/validate/inputs.h"

namespace neoid::validate {

// What a resource is called, over all kinds: "group/Kind/namespace/name".
std::string identity_of(const Json& object);

class OlderTree {
 public:
  // What of the tree could not be read, so that nothing can be said of what it held.
  struct Gap {
    std::uint32_t file = 0;  // number of the input
    int line = 0;            // 0: the file as a whole, which could not be opened or read
    std::string message;
  };

  // Reads the files; objects of no known kind are as if they were not there. Their numbers as inputs begin at
  // `first_file`.
  OlderTree(const FileNames& files, std::uint32_t first_file, const Contracts& contracts,
            const std::string& default_namespace);
  ~OlderTree();

  // The resource as it was, and marks it as still there; nullopt: it is new.
  std::optional<Json> take(const Json& object) const;
  // Those that were not taken, by the rules of policy::judge_removal.
  std::vector<policy::Violation> judge_removals() const;
  const std::vector<Gap>& gaps() const { return gaps_; }

 private:
  struct Entry;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::vector<Gap> gaps_;
};

}  // namespace neoid::validate
