// The OpenAPI documents of a server: built-in kinds and the CRDs that are installed.
//
// Made anew when a CRD comes, changes or goes; the same input gives the same bytes and
// hashes. Values: build one, share it as const. Source: kubernetes.io "OpenAPI"; the gnostic v2 proto.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid::openapi {

// A served version of a CRD that is established.
struct CustomKind {
  std::string group, version, kind, list_kind, plural;
  bool namespaced = true;
  Json schema;  // openAPIV3Schema; null: none
  bool status = false, scale = false;
};

struct Document {
  std::string content_type;
  std::string bytes;
  std::string etag;  // quoted: the hash in upper-case hex
};

class Documents {
 public:
  Documents(std::vector<CustomKind> customs, std::string version /* "v1.26.5" */);

  // /openapi/v2. `accept` as sent; nullopt: 406.
  std::optional<Document> v2(std::string_view accept) const;
  // /openapi/v3: {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=..."}}}.
  Document v3_index() const;
  // /openapi/v3/{path}: "api/v1", "apis/golden.example.com/v1"; nullopt: no such group version, or not
  // acceptable.
  std::optional<Document> v3(std::string_view path, std::string_view accept) const;
  // The hash of that document, for ?hash= (another one is answered by a redirect to the right one).
  std::string v3_hash(std::string_view path) const;

  const Json& v2_json() const { return v2_; }
  const Json* v3_json(std::string_view path) const;

 private:
  struct Entry {
    Json document;
    std::string bytes, hash;
  };

  void add_v3(const std::string& path, Json document);

  Json v2_;
  std::string v2_bytes_, v2_proto_, v2_hash_;
  std::map<std::string, Entry, std::less<>> v3_;
  std::string index_bytes_, index_hash_;
};

}  // namespace neoid::openapi
