// One PostgreSQL session, with errors as values and nothing that happens behind our back: it never reconnects
// by itself, and no message carries a password.
//
// Not thread-safe: whoever owns it serialises, cancel() apart. After a lost connection broken() is true and
// everything fails with Unavailable; the owner makes a new one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "reconcile/base/result.h"

namespace neoid::store {

// A checked connection string. `conninfo` has the password in it: for PgConnection only.
struct PgTarget {
  std::string conninfo;
  std::string location;  // "postgres://host:port/database"
};
// Invalid: not a connection string (what is wrong is not repeated: it may be the password).
Result<PgTarget> parse_postgres_url(const std::string& url);

// reason "TryAgain": a deadlock or a serialization failure, nothing happened; reason "Lost": no connection.
Error postgres_error(std::string_view sqlstate, const std::string& what);

// '{"a","b"}': how arrays are passed, as one text. Nothing becomes NULL.
std::string pg_array(const std::vector<std::string>& items);
std::string pg_array(const std::vector<std::string_view>& items);
std::string pg_array(const std::vector<std::int64_t>& items);
std::string pg_array(const std::vector<std::optional<std::string_view>>& items);
std::string pg_array(const std::vector<std::optional<std::int64_t>>& items);

// The last entry of the activity and its hash.
struct ActivityHead {
  std::int64_t number = 0;
  std::string hash;
};

class PgConnection {
 public:
  static Result<std::unique_ptr<PgConnection>> connect(const PgTarget& target);

  bool broken() const { return broken_; }
  // Looks at the socket, without a round trip; notifications that came are taken in.
  bool alive();

  // One or more statements without parameters; the result is the last one's.
  Result<pqxx::result> run(const std::string& sql);
  // `sql` must be a literal: it is prepared once for each connection.
  template <class... Parameters>
  Result<pqxx::result> run(const char* sql, const Parameters&... parameters) {
    return guarded(
        [&](pqxx::nontransaction& session) { return session.exec_prepared(prepared(sql), parameters...); });
  }

  std::string quote(const std::string& text) { return connection_->quote(text); }
  pqxx::connection& raw() { return *connection_; }
  int backend() const { return backend_; }

  ActivityHead head;  // as this session's last commit left it; 0: it has made none
  // The table of epochs that this session's claim was written to, by its OID: a restore into the running database
  // makes another one, in which an older epoch may fit again.
  std::int64_t epochs_table = 0;

 private:
  PgConnection() = default;
  template <class Work>
  Result<pqxx::result> guarded(Work work);
  std::string prepared(const char* sql);
  Error told(std::string_view sqlstate, const std::string& what);

  std::unique_ptr<pqxx::connection> connection_;
  std::unordered_set<const char*> prepared_;
  bool broken_ = false;
  int backend_ = 0;
};

template <class Work>
Result<pqxx::result> PgConnection::guarded(Work work) {
  if (broken_) return fail(postgres_error("08006", "the connection was lost"));
  try {
    pqxx::nontransaction session(*connection_);
    return work(session);
  } catch (const pqxx::broken_connection& error) {
    broken_ = true;
    return fail(postgres_error("08006", error.what()));
  } catch (const pqxx::transaction_rollback& error) {
    return fail(postgres_error("40001", error.what()));
  } catch (const pqxx::sql_error& error) {
    return fail(told(error.sqlstate(), error.what()));
  } catch (const std::exception& error) {
    return fail(told("", error.what()));
  }
}

// A row as identity_row.h reads it.
class PgRow {
 public:
  explicit PgRow(const pqxx::row& row) : row_(row) {}
  bool is_null(int column) const { return field(column).is_null(); }
  std::int64_t integer(int column) const { return field(column).as<std::int64_t>(0); }
  std::string text(int column) const { return std::string(field(column).c_str(), field(column).size()); }

 private:
  pqxx::field field(int column) const { return row_[static_cast<pqxx::row::size_type>(column)]; }
  const pqxx::row& row_;
};

}  // namespace neoid::store
