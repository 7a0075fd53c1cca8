// The Swagger 2.0 document as the protobuf message that kubectl reads. Source: gnostic's OpenAPIv2.proto.
#pragma once

#include <string>

#include "reconcile/value/json.h"

namespace neoid::openapi {

std::string swagger_to_proto(const Json& document);

}  // namespace neoid::openapi
