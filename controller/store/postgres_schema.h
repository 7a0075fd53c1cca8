// The PostgreSQL form's schema: migrated under a lock, its roles and grants, its keys.
//
// Errors by kind: Unavailable, Denied (the login may not), Invalid "NewerSchema", "OlderSchema",
// "ChangedMigration", "Encoding". Thread-safe for different connections.
#pragma once

#include "controller/store/identity_store.h"
#include "controller/store/migrations.h"
#include "controller/store/postgres_connection.h"
#include "reconcile/base/result.h"

namespace neoid::store {

Result<void> prepare_postgres(PgConnection& connection, Migration migration);
Result<AppliedSteps> applied_postgres_steps(PgConnection& connection);
// Empty keys where the login may not read them (the token service's).
Result<StoreKeys> read_postgres_keys(PgConnection& connection);

}  // namespace neoid::store
