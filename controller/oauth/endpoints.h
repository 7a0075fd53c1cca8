// Where the service's endpoints are, and the metadata that tells it (RFC 8414). Pure.
#pragma once

#include <string>

#include "reconcile/base/result.h"

namespace neoid::oauth {

// Paths; from the issuer "https://id.example.com" the token endpoint is https://id.example.com/oauth2/token.
struct Endpoints {
  std::string origin;  // "https://id.example.com"
  std::string token, introspection, revocation, jwks;
  std::string metadata;  // section 3.1: the well-known part comes before the issuer's path
};
// Errors: Invalid (no https or http URL; a query, a fragment, a final slash).
Result<Endpoints> endpoints_of(const std::string& issuer);

std::string metadata_json(const std::string& issuer, const Endpoints& endpoints);

}  // namespace neoid::oauth
