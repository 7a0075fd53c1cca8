#include "controller/http/identity_check.h"

#include "controller/http/openssl.h"

namespace neoid::http {

Result<void> check_identity(const Identity& identity) {
  NEOID_TRY_VOID(server_context({identity, ""}));
  return {};
}

}  // namespace neoid::http
