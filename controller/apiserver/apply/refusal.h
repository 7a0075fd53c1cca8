// Refusal: a failure of a patch or an apply as the Status that a real server answers.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "reconcile/value/json.h"

namespace neoid::apply {

struct Refusal {
  int code = 500;
  std::string message;
  std::string reason = {};  // empty: the Status has none
  Json details = nullptr;   // null: the Status has none
};

template <class T>
using Outcome = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(Refusal refusal) { return tl::unexpected<Refusal>(std::move(refusal)); }
inline tl::unexpected<Refusal> bad_request(std::string message) {
  return refuse({400, std::move(message), "BadRequest"});
}

}  // namespace neoid::apply
