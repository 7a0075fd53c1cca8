// NEOID_CHECK(condition): our own bugs, in every build. Never for what a user, a network or a database said.
#pragma once

namespace neoid {
// Prints file, line and the condition to standard error and aborts. Prints no values: one may be a secret.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);
}  // namespace neoid

#define NEOID_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::neoid::check_failed(__FILE__, __LINE__, #condition))
