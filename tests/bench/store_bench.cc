// Measures the store: converged users per second by batch size next to the same row writes in bare SQL, drift
// latency, the sweep. Usage: bench_store [users for the sweep] [Sqlite|Postgres]. Figures go to standard output, one a line.
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <thread>

#include "controller/store/postgres_connection.h"
#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

struct Bench {
  explicit Bench(Form the_form) : form(the_form), database(make_database(form)) {
    StoreOptions options = database->options();
    options.clock = nullptr;
    store = std::move(*open_store(database->url(), std::move(options)));
    term = store->claim(kCluster, 1, "bench").value();
    const std::vector<plan::StoredScope> scopes{scope("contacts"), scope("documents"), scope("finance")};
    static_cast<void>(store->put_scopes(term, scopes, {}, "bench"));
  }
  std::string name() const { return form == Form::Sqlite ? "sqlite" : "postgres"; }

  Form form;
  std::unique_ptr<TestDatabase> database;
  std::unique_ptr<IdentityStore> store;
  WriterTerm term;
};

// One changed text for each user: what a converged spec change costs.
double updates_per_second(Bench& bench, int users, int batch, int round) {
  const auto start = SteadyClock::now();
  int done = 0;
  for (int first = 0; first < users && seconds_since(start) < 3; first += batch) {
    std::vector<plan::IdentityChange> changes;
    for (int i = first; i < first + batch; ++i) {
      plan::PutIdentity changed = put(i, {"contacts", "documents"});
      changed.config.description = fmt::format("round {} of {}", round, batch);
      changes.push_back(change_of(i, {changed}));
    }
    const auto results = bench.store->commit(bench.term, changes);
    if (!results) fmt::print("failed: {}\n", results.error().describe());
    done += batch;
  }
  return done / seconds_since(start);
}

// The same rows by hand: the user's row, its entry in the trail, the head; one transaction a batch.
double floor_sqlite(Bench& bench, int users, int batch, int round) {
  sqlite3* db = nullptr;
  sqlite3_open(bench.database->url().substr(7).c_str(), &db);
  sqlite3_exec(db, "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
  sqlite3_stmt* update = nullptr;
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "UPDATE users SET description = ?, digest = ? WHERE user_id = ?", -1, &update,
                     nullptr);
  sqlite3_prepare_v2(db,
                     "INSERT INTO activity (number, at, user_id, name, before, after) "
                     "SELECT number + 1, 0, ?, 'user', ?, ? FROM activity_head",
                     -1, &insert, nullptr);
  const auto start = SteadyClock::now();
  int done = 0;
  const std::string text = fmt::format("floor {} of {}", round, batch);
  const std::string json = fmt::format(R"({{"description":"{}"}})", text);
  for (int first = 0; first < users && seconds_since(start) < 3; first += batch) {
    sqlite3_exec(db, "BEGIN IMMEDIATE; INSERT INTO writer_open VALUES ('bench')", nullptr, nullptr, nullptr);
    for (int i = first; i < first + batch; ++i) {
      const std::string id = uuid(1000 + i);
      sqlite3_bind_text(update, 1, text.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(update, 2, id.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(update, 3, id.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_step(update);
      sqlite3_reset(update);
      sqlite3_bind_text(insert, 1, id.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(insert, 2, json.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(insert, 3, json.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_exec(db, "DELETE FROM writer_open; COMMIT", nullptr, nullptr, nullptr);
    done += batch;
  }
  const double rate = done / seconds_since(start);
  sqlite3_finalize(update);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return rate;
}

double floor_postgres(Bench& bench, int users, int batch, int round) {
  auto connection = std::move(*PgConnection::connect(*parse_postgres_url(bench.database->url())));
  static_cast<void>(connection->run(std::string("SET ROLE neoid_controller")));
  const auto start = SteadyClock::now();
  int done = 0;
  const std::string text = fmt::format("floor {} of {}", round, batch);
  for (int first = 0; first < users && seconds_since(start) < 3; first += batch) {
    std::vector<std::string> ids;
    std::vector<std::string> texts(static_cast<std::size_t>(batch), text);
    std::vector<std::string> json(static_cast<std::size_t>(batch),
                                  fmt::format(R"({{"description":"{}"}})", text));
    for (int i = first; i < first + batch; ++i) ids.push_back(uuid(1000 + i));
    static_cast<void>(connection->run(std::string("BEGIN")));
    static_cast<void>(
        connection->run("UPDATE neoid.users u SET description = n.d, digest = n.d, updated_at = now() "
                        "FROM unnest($1::uuid[], $2::text[]) AS n (id, d) WHERE u.user_id = n.id",
                        pg_array(ids), pg_array(texts)));
    static_cast<void>(
        connection->run("INSERT INTO neoid.activity (number, at, user_id, name, before, after, hash) "
                        "SELECT h.number + row_number() OVER (), now(), n.id, 'user', n.j, n.j, '' "
                        "FROM unnest($1::text[], $2::text[]) AS n (id, j), "
                        "(SELECT number FROM neoid.activity_head FOR UPDATE) h",
                        pg_array(ids), pg_array(json)));
    static_cast<void>(connection->run("UPDATE neoid.activity_head SET number = number + $1::bigint",
                                      static_cast<std::int64_t>(batch)));
    static_cast<void>(connection->run(std::string("COMMIT")));
    done += batch;
  }
  return done / seconds_since(start);
}

void measure_batches(Bench& bench, int users) {
  int round = 0;
  std::map<int, double> ours;
  for (const int batch : {1, 10, 100, 500}) ours[batch] = updates_per_second(bench, users, batch, ++round);
  for (const auto& [batch, rate] : ours) {
    const double floor = bench.form == Form::Sqlite ? floor_sqlite(bench, users, batch, ++round)
                                                    : floor_postgres(bench, users, batch, ++round);
    fmt::print("{} update batch {:3}: {:8.0f} users/s, bare SQL {:8.0f}, ratio {:.2f}\n", bench.name(), batch,
               rate, floor, rate / floor);
  }
}

void insert_users(Bench& bench, int from, int to) {
  const auto start = SteadyClock::now();
  for (int first = from; first < to; first += 500) {
    std::vector<plan::IdentityChange> changes;
    for (int i = first; i < std::min(first + 500, to); ++i) {
      changes.push_back(change_of(i, {put(i, {"contacts", "documents"}), issue(1, Instant()), deliver(1)}));
    }
    const auto results = bench.store->commit(bench.term, changes);
    if (!results) fmt::print("failed: {}\n", results.error().describe());
  }
  fmt::print("{} create with grants, tags and a credential: {:.0f} users/s\n", bench.name(),
             (to - from) / seconds_since(start));
}

void measure_observe(Bench& bench) {
  std::vector<IdentityRef> refs;
  for (int i = 0; i < 500; ++i) refs.push_back({change_of(i, {}).owner.resource, std::nullopt});
  const auto start = SteadyClock::now();
  for (int i = 0; i < 20; ++i) static_cast<void>(bench.store->observe(kCluster, refs).value());
  fmt::print("{} observe in batches of 500: {:.0f} users/s\n", bench.name(), 20 * 500 / seconds_since(start));
}

void measure_drift(Bench& bench) {
  std::vector<double> told;
  for (int i = 0; i < 200; ++i) {
    const FeedPosition before = bench.store->feed_end().value();
    std::promise<SteadyClock::time_point> committed;
    auto waiting = std::async(std::launch::async, [&] {
      while (bench.store->feed_end().value() == before) {
        bench.store->wait_for_change(std::chrono::seconds(5), {});
      }
      const auto entries = bench.store->changes_after(kCluster, before, 10);
      static_cast<void>(
          bench.store->commit(bench.term, std::vector{change_of(1, {put(1, {"contacts", "documents"})})}));
      return SteadyClock::now();
    });
    bench.database->outside(
        fmt::format("UPDATE users SET description = 'drift {}' WHERE user_id = '{}'", i, uuid(1001)));
    const auto at = SteadyClock::now();
    told.push_back(std::max(0.0, std::chrono::duration<double, std::milli>(waiting.get() - at).count()));
  }
  std::sort(told.begin(), told.end());
  fmt::print("{} drift, outside commit to repaired commit: p50 {:.1f} ms, p99 {:.1f} ms\n", bench.name(),
             told[100], told[197]);
}

void measure_sweep(Bench& bench) {
  const auto start = SteadyClock::now();
  int rows = 0;
  int touched = 0;
  const auto swept = bench.store->sweep(kCluster, [&](const IdentityStore::SweepRow& row) {
    ++rows;
    touched += row.untouched ? 0 : 1;
    return true;
  });
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} sweep: {} rows ({} touched) in {:.2f} s, {:.0f} rows/s, process at most {} MB{}\n",
             bench.name(), rows, touched, seconds_since(start), rows / seconds_since(start),
             usage.ru_maxrss / 1024, swept ? "" : swept.error().describe());
}

}  // namespace
}  // namespace neoid::store

int main(int argc, char** argv) {
  using namespace neoid::store;
  const int users = argc > 1 ? std::atoi(argv[1]) : 100'000;
  for (const Form form : all_forms()) {
    if (argc > 2 && argv[2] != std::string(form == Form::Sqlite ? "Sqlite" : "Postgres")) continue;
    Bench bench(form);
    insert_users(bench, 0, 5000);
    measure_observe(bench);
    measure_drift(bench);
    measure_batches(bench, 5000);
    insert_users(bench, 5000, users);
    measure_sweep(bench);
  }
}
