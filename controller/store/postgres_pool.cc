#include "controller/store/postgres_pool.h"

#include <utility>

namespace neoid::store {

Result<int> become_controller(PgConnection& connection) {
  NEOID_TRY(const pqxx::result may,
            connection.run(
                "SELECT count(*) FILTER (WHERE rolname = 'neoid_controller'), count(*) FROM pg_roles "
                "WHERE rolname IN ('neoid_controller', 'neoid_platform') AND pg_has_role(oid, 'MEMBER')"));
  if (may[0][0].as<int>() == 1) {
    NEOID_TRY(const pqxx::result became, connection.run("SET ROLE neoid_controller"));
    static_cast<void>(became);
  }
  return may[0][1].as<int>();
}

Result<std::unique_ptr<PgConnection>> open_session(const PgTarget& target, PgRole role) {
  NEOID_TRY(auto connection, PgConnection::connect(target));
  // A writer that is paused within a transaction must not hold the next one's claim up. Plans are made once for
  // each statement and go by index, whatever the statistics say of a table that is about to grow.
  NEOID_TRY(const pqxx::result set,
            connection->run(std::string("SET statement_timeout = '30s'; SET lock_timeout = '10s'; "
                                        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
                                        "SET jit = off; "
                                        "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = ") +
                            (role == PgRole::Controller ? "'1500ms'" : "'60s'")));
  static_cast<void>(set);
  NEOID_TRY(const int roles, become_controller(*connection));
  if (role == PgRole::Controller && roles < 2) {
    return fail(ErrorKind::Denied,
                "the database login may not become neoid_controller and neoid_platform: run "
                "manifests/postgres/roles.sql, `neoid store migrate`, and grant it both",
                "Privilege");
  }
  return connection;
}

Result<std::unique_ptr<PgConnection>> PgPool::take() {
  while (true) {
    std::unique_ptr<PgConnection> connection;
    {
      const std::scoped_lock lock(mutex_);
      if (idle_.empty()) break;
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    if (connection->alive()) return connection;
  }
  return open_session(target_, PgRole::ControllerIfAllowed);
}

void PgPool::give_back(std::unique_ptr<PgConnection> connection) {
  if (connection->broken()) return;
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kKept) idle_.push_back(std::move(connection));
}

}  // namespace neoid::store
