// Content negotiation: which form of an answer the Accept header asks for, and which form a body has.
//
// Pure. Source: k8s.io/apiserver/pkg/endpoints/handlers/negotiation, go-restful.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/apiserver/status.h"

namespace neoid::apiserver {

enum class Encoding { Json, Yaml };
enum class View { Object, Table, PartialMetadata, PartialMetadataList, Discovery };

struct MediaType {
  Encoding encoding = Encoding::Json;
  View view = View::Object;
  std::string view_version;  // of meta.k8s.io or apidiscovery.k8s.io: "v1", "v2beta1"
};

struct Offer {
  bool table = false;      // tables and partial metadata may be asked for
  bool discovery = false;  // the aggregated form of discovery may be asked for
};

inline constexpr std::string_view kAllTypes =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";

// The first clause of the header, in its order of preference, that can be served.
Answer<MediaType> negotiate(std::string_view accept, Offer offer);
// What the router of built-in resources looks at before: does any clause, without parameters, name a type?
bool router_accepts(std::string_view accept);

enum class BodyType { Json, Yaml, Protobuf };
// Of Content-Type: none means JSON. 415 for others.
Answer<BodyType> body_type(std::string_view content_type);
// The type without parameters.
std::string_view media_type_of(std::string_view content_type);

}  // namespace neoid::apiserver
