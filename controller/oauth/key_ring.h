// The life of signing keys, decided from nothing but their ages. Pure, so every replica decides the same.
//
//   made --- published, not used ---> signs --- retired, still published ---> removed
//        publish_ahead                 until the next one signs      until its last token has expired
//
// A key that is made is in the JWKS for publish_ahead before the first token is signed with it, so that a resource
// server that reads the JWKS that often never meets an unknown key. Only the very first key signs at once: nobody
// can have read an older JWKS. Timeline, rotate_every R, publish_ahead P, longest token L:
//   t0: A made, signs      t0+R-P: B made      t0+R: B signs, A retired      t0+R+L+margin: A removed
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/base/time.h"

namespace neoid::oauth {

struct KeySettings {
  Duration publish_ahead = std::chrono::minutes(15);
  Duration rotate_every = std::chrono::hours(24 * 30);
  Duration longest_token = std::chrono::minutes(10);
};
// For what is on its way when a key changes its state, and for clocks.
inline constexpr Duration kKeyMargin = std::chrono::minutes(2);

struct KeyAge {
  std::string kid;
  Instant created_at;
};

struct KeyDecision {
  std::optional<std::size_t> signing;  // index of the key that signs; nothing: there is none
  bool make = false;                   // a new one is due
  std::vector<std::string> remove;     // their last token has expired
};

// `keys` by created_at, then kid.
KeyDecision decide_keys(const std::vector<KeyAge>& keys, const KeySettings& settings, Instant now);

}  // namespace neoid::oauth
