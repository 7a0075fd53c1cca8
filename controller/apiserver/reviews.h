// Reviews: access reviews and token reviews, which are answered and not stored.
#pragma once

#include "controller/apiserver/core.h"

namespace neoid::apiserver {

http::Response handle_review(const Core& core, Call& call);

}  // namespace neoid::apiserver
