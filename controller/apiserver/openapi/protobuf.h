// `application/vnd.kubernetes.protobuf` bodies of the built-in kinds, to and from Json.
//
// A body is "k8s\0", then runtime.Unknown{apiVersion, kind, raw, contentEncoding, contentType}. Decoded: the
// kinds that kubectl >= 1.32 sends so (Secret, ConfigMap, Namespace, ServiceAccount, Event, Lease, the access
// reviews, DeleteOptions) and their neighbours; the fields are tables. Bytes become base64, times RFC 3339,
// as in JSON. Pure. Errors: ErrorKind::Invalid. Source: k8s.io/api/*/generated.proto, k8s.io/apimachinery
// runtime serializer/protobuf.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::openapi {

inline constexpr std::string_view kProtobufMediaType = "application/vnd.kubernetes.protobuf";

// The object with apiVersion and kind. `default_api_version` and `default_kind` stand in where the envelope
// has none.
Result<Json> decode_protobuf(std::string_view body, std::string_view default_api_version = {},
                             std::string_view default_kind = {});
// The body of an object of a kind that has a table; Invalid for others (answer JSON then).
Result<std::string> encode_protobuf(const Json& object);
// Whether encode_protobuf knows the kind.
bool has_protobuf(std::string_view api_version, std::string_view kind);

}  // namespace neoid::openapi
