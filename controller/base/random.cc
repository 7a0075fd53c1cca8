#include "controller/base/random.h"

#include <openssl/rand.h>

#include <cmath>

#include "reconcile/base/check.h"
#include "reconcile/base/crypto.h"

namespace neoid {

void fill_random(std::span<std::uint8_t> bytes) {
  constexpr std::size_t kPiece = 1 << 20;  // RAND_bytes counts in int
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kPiece);
    NEOID_CHECK(RAND_bytes(bytes.data(), static_cast<int>(size)) == 1);
    bytes = bytes.subspan(size);
  }
}

std::string random_uuid() { return uuid_v4(random_array<16>()); }

double random_unit() {
  std::uint64_t bits = 0;
  for (std::uint8_t byte : random_array<8>()) bits = bits << 8 | byte;
  return std::ldexp(static_cast<double>(bits >> 11), -53);
}

Duration jitter(Duration duration, double fraction) {
  NEOID_CHECK(fraction >= 0 && fraction <= 1);
  const double factor = 1 + fraction * (2 * random_unit() - 1);
  return Duration(std::llround(static_cast<double>(duration.count()) * factor));
}

}  // namespace neoid
