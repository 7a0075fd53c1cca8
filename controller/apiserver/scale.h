// The subresource scale of custom resources that ask for it: read and written as an autoscaling/v1 Scale.
#pragma once

#include "controller/apiserver/core.h"

namespace neoid::apiserver {

http::Response handle_scale(const Core& core, Call& call);

}  // namespace neoid::apiserver
