// The paths of one resource with their operations, for both kinds of documents. Pure.
#pragma once

#include <string>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid::openapi {

enum class Format { V2, V3 };

struct PathResource {
  std::string group, version, kind, plural;
  bool namespaced = false;
  bool custom = false;
  bool create_only = false;
  std::vector<std::string> subresources;
  std::string definition, list_definition;  // names of the schemas
};

// "/apis/g/v/namespaces/{namespace}/widgets/{name}": path -> path item, added to `paths`.
void add_paths(Json& paths, const PathResource& resource, Format format);

}  // namespace neoid::openapi
