#include "controller/oauth/key_ring.h"

namespace neoid::oauth {

KeyDecision decide_keys(const std::vector<KeyAge>& keys, const KeySettings& settings, Instant now) {
  KeyDecision decision;
  if (keys.empty()) {
    decision.make = true;
    return decision;
  }
  // The oldest key needs no time: it is the first one ever, or another one was removed because it signs long since.
  const auto signs_from = [&](std::size_t i) {
    return i == 0 ? keys[i].created_at : keys[i].created_at + settings.publish_ahead;
  };
  std::size_t signing = 0;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (signs_from(i) <= now) signing = i;
  }
  decision.signing = signing;
  decision.make = keys.back().created_at + settings.rotate_every - settings.publish_ahead <= now;
  for (std::size_t i = 0; i < signing; ++i) {
    if (signs_from(i + 1) + settings.longest_token + kKeyMargin <= now)
      decision.remove.push_back(keys[i].kid);
  }
  return decision;
}

}  // namespace neoid::oauth
