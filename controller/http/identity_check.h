// Whether a certificate and a key make an identity: asked before one is served.
#pragma once

#include "controller/http/tls.h"

namespace neoid::http {

// Invalid: one of the texts does not parse, or the key does not belong to the certificate.
Result<void> check_identity(const Identity& identity);

}  // namespace neoid::http
