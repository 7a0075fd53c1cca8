#include "controller/oauth/endpoints.h"

#include "controller/http/base_url.h"
#include "reconcile/value/json.h"

namespace neoid::oauth {

Result<Endpoints> endpoints_of(const std::string& issuer) {
  NEOID_TRY(const http::BaseUrl url, http::parse_base_url(issuer));
  if (issuer.ends_with('/'))
    return fail(ErrorKind::Invalid,
                "the issuer " + issuer + " must not end with a slash: clients compare it as text");
  Endpoints endpoints;
  endpoints.origin = issuer.substr(0, issuer.size() - url.prefix.size());
  endpoints.token = url.prefix + "/oauth2/token";
  endpoints.introspection = url.prefix + "/oauth2/introspect";
  endpoints.revocation = url.prefix + "/oauth2/revoke";
  endpoints.jwks = url.prefix + "/oauth2/jwks";
  endpoints.metadata = "/.well-known/oauth-authorization-server" + url.prefix;
  return endpoints;
}

std::string metadata_json(const std::string& issuer, const Endpoints& endpoints) {
  const Json methods = {"client_secret_basic", "client_secret_post"};
  const Json metadata = {{"issuer", issuer},
                         {"token_endpoint", endpoints.origin + endpoints.token},
                         {"jwks_uri", endpoints.origin + endpoints.jwks},
                         {"introspection_endpoint", endpoints.origin + endpoints.introspection},
                         {"revocation_endpoint", endpoints.origin + endpoints.revocation},
                         {"grant_types_supported", {"client_credentials"}},
                         {"response_types_supported", Json::array()},
                         {"token_endpoint_auth_methods_supported", methods},
                         {"introspection_endpoint_auth_methods_supported", methods},
                         {"revocation_endpoint_auth_methods_supported", methods}};
  return metadata.dump();
}

}  // namespace neoid::oauth
