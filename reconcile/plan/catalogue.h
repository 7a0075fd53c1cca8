// The scope catalogue as the store keeps it: what tokens may carry and grants may name.
#pragma once

#include <string>
#include <vector>

#include "reconcile/base/ids.h"

namespace neoid::plan {

struct StoredScope {
  std::string name;  // the OAuth scope token
  std::string display_name;
  std::string description;
  std::string tool;
  std::string permissions;  // JSON text of spec.permissions
  bool deprecated = false;
  bool operator==(const StoredScope&) const = default;
};

}  // namespace neoid::plan
