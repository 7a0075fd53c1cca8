// libpq, loaded when a PostgreSQL store is first named: with it come some twenty more libraries (Kerberos, LDAP,
// GnuTLS), which would cost every start of the program; a laptop or a CI job that validates files never needs one.
//
// libpqxx is linked statically and finds libpq's functions in libpq_on_demand.cc, where each looks its own address up
// once. Call load_libpq() before the first of them. Thread safety: all.
#pragma once

#include "reconcile/base/result.h"

namespace neoid::store {

// Fails (Invalid) with the package to install where libpq cannot be loaded.
Result<void> load_libpq();

}  // namespace neoid::store
