// What came of a pass over a Scope -> its status. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reconcile/api/scope.h"
#include "reconcile/base/result.h"

namespace neoid::status {

struct ScopeOutcome {
  const api::ScopeResource& scope;
  Instant now;
  std::int64_t custom_holders = 0;
  std::int64_t system_holders = 0;
  std::vector<std::string> some_holders;  // "namespace/name" of custom ones; never a system user
  std::optional<Error> store_error;
};

struct ScopeStatusUpdate {
  api::ScopeStatus status;
  bool changed = false;
};

ScopeStatusUpdate scope_status(const ScopeOutcome& outcome);

}  // namespace neoid::status
