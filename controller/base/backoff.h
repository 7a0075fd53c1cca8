// Exponential backoff: how long to wait after so many failures in a row before this one. Without jitter (random.h).
#pragma once

#include <algorithm>

#include "reconcile/base/time.h"

namespace neoid {

// `first`, doubled for each of `failures`, at most `most`.
inline Duration backoff(int failures, Duration first, Duration most) {
  Duration delay = first;
  for (int i = 0; i < failures && delay < most; ++i) delay *= 2;
  return std::min(delay, most);
}

}  // namespace neoid
