// Random bytes and jitter, from OpenSSL's generator. Thread-safe.
//
// reconcile/ never draws: whoever calls it passes what was drawn here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "reconcile/base/time.h"

namespace neoid {

// Fit for keys and secrets. CHECKs that the generator works: without randomness nothing may be issued.
void fill_random(std::span<std::uint8_t> bytes);

template <std::size_t Size>
std::array<std::uint8_t, Size> random_array() {
  std::array<std::uint8_t, Size> bytes{};
  fill_random(bytes);
  return bytes;
}

// UUIDv4, lower case.
std::string random_uuid();
// Uniform in [0, 1).
double random_unit();

// Uniform in [duration * (1 - fraction), duration * (1 + fraction)]; fraction within [0, 1].
Duration jitter(Duration duration, double fraction);

}  // namespace neoid
