#include "reconcile/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace neoid {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "neoid: bug: %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace neoid
