// Measures the store, in both forms: converged users per second by batch size next to the same row writes in bare
// SQL, drift latency, anti-entropy. Usage: bench_store [most users for anti-entropy] [Sqlite|Postgres
// [sweep]]; with `sweep` only the anti-entropy.
//
// Ours and the floor take turns on the same rows, so that a noisy machine hits both. Ends with one table.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <map>

#include "controller/base/random.h"
#include "tests/bench/store_floor.h"

namespace neoid::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kUsers = 5000;
constexpr int kTurns = 10;
constexpr double kTurnSeconds = 0.2;
constexpr int kDrifts = 300;
const std::vector<std::string> kScopes{"contacts", "documents"};

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// One line a measure, one column a form.
class Table {
 public:
  void add(const std::string& measure, Form form, std::string value) {
    if (!rows_.contains(measure)) order_.push_back(measure);
    rows_[measure][form] = value;
    fmt::print(stderr, "{} {}: {}\n", form == Form::Sqlite ? "sqlite" : "postgres", measure, value);
  }
  void print() {
    fmt::print("| {:52} | {:36} | {:36} |\n| :{:-<51} | :{:-<35} | :{:-<35} |\n", "measure", "SQLite",
               "PostgreSQL", "", "", "");
    for (const std::string& measure : order_)
      fmt::print("| {:52} | {:36} | {:36} |\n", measure, rows_[measure][Form::Sqlite],
                 rows_[measure][Form::Postgres]);
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::map<Form, std::string>> rows_;
};

[[noreturn]] void give_up(const std::string& what) {
  fmt::print(stderr, "bench_store: {}\n", what);
  std::exit(1);
}
void must(const std::string& error) {
  if (!error.empty()) give_up(error);
}
template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().describe());
  return std::move(*result);
}

struct Bench {
  Bench(Form the_form, Table& the_table) : form(the_form), table(the_table), database(make_database(form)) {
    if (!database) give_up("no PostgreSQL server: install postgresql-15, or set NEOID_TEST_POSTGRES");
    StoreOptions options = database->options();
    options.clock = nullptr;
    store = must(open_store(database->url(), std::move(options)));
    term = must(store->claim(kCluster, 1, "bench"));
    const std::vector<plan::StoredScope> scopes{scope("contacts"), scope("documents"), scope("finance")};
    if (const auto put = store->put_scopes(term, scopes, {}, "bench"); !put) give_up(put.error().describe());
    floor = make_floor(form, database->url());
  }

  void commit(const std::vector<plan::IdentityChange>& changes) {
    for (const auto& result : must(store->commit(term, changes)))
      if (!result) give_up(result.error().describe());
  }

  Form form;
  Table& table;
  std::unique_ptr<TestDatabase> database;
  std::unique_ptr<IdentityStore> store;
  WriterTerm term;
  std::unique_ptr<Floor> floor;
  int next_user = 0;  // that nobody has made yet
  int round = 0;
};

plan::PutIdentity wanted(int user, const std::string& text) {
  plan::PutIdentity wanted = put(user, kScopes);
  wanted.config.description = text;
  return wanted;
}

FloorRow floor_row(int user, const std::string& text, Instant now) {
  const plan::IdentityChange change = change_of(user, {});
  const plan::PutIdentity content = wanted(user, text);
  FloorRow row;
  row.identity.user_id = change.user_id;
  row.identity.client_id = content.client_id;
  row.identity.owner = change.owner;
  row.identity.config = content.config;
  row.identity.updated_at = now;
  plan::StoredVersion version;
  version.number = 1;
  version.hash = hash_of(1);
  version.state = plan::VersionState::Delivered;
  version.issued_at = now;
  version.delivered_at = now;
  row.identity.versions.push_back(version);
  row.digest = plan::digest(row.identity);
  row.entry.at = now;
  row.entry.user_id = change.user_id.value;
  row.entry.cluster = change.owner.cluster.value;
  row.entry.kind = "IntegrationUser";
  row.entry.ns = change.owner.resource.ns;
  row.entry.name = change.owner.resource.name;
  row.entry.actor = change.actor;
  row.entry.cause = change.cause;
  row.entry.writer = random_uuid();
  return row;
}

Instant machine_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

// --- converged users per second ------------------------------------------------------------------

struct Rate {
  double seconds = 0;
  std::int64_t users = 0;
  double per_second() const { return static_cast<double>(users) / seconds; }
};

// Calls `work` with batch after batch for one turn; only its time counts, not what `make` takes.
template <class Make, class Work>
void take_turn(Rate& rate, Make make, Work work) {
  for (double spent = 0; spent < kTurnSeconds;) {
    auto batch = make();
    const auto start = SteadyClock::now();
    work(batch);
    const double took = seconds_since(start);
    spent += took;
    rate.seconds += took;
    rate.users += static_cast<std::int64_t>(batch.size());
  }
}

void tell(Bench& bench, const std::string& what, int batch, const Rate& ours, const Rate& floor) {
  bench.table.add(fmt::format("{}, batches of {}: /s (bare, ratio)", what, batch), bench.form,
                  fmt::format("{:.0f} ({:.0f}, {:.2f})", ours.per_second(), floor.per_second(),
                              ours.per_second() / floor.per_second()));
}

// One text of each user changes: its row, its entry, the head.
void measure_updates(Bench& bench, int batch) {
  Rate ours, floor;
  int at = 0;
  const auto users = [&](auto make) {
    std::vector<decltype(make(0, std::string()))> made;
    const std::string text = fmt::format("round {} of {}", ++bench.round, batch);
    for (int i = 0; i < batch; ++i) made.push_back(make(at++ % kUsers, text));
    return made;
  };
  for (int turn = 0; turn < kTurns; ++turn) {
    take_turn(
        ours,
        [&] {
          return users(
              [](int user, const std::string& text) { return change_of(user, {wanted(user, text)}); });
        },
        [&](const auto& changes) { bench.commit(changes); });
    const Instant now = machine_now();
    take_turn(
        floor,
        [&] {
          return users([&](int user, const std::string& text) {
            FloorRow row = floor_row(user, text, now);
            row.entry.action = "IdentityUpdated";
            row.entry.before = row.entry.after = fmt::format(R"({{"description":"{}"}})", text);
            return row;
          });
        },
        [&](auto& rows) { must(bench.floor->update(rows)); });
  }
  tell(bench, "changed users", batch, ours, floor);
}

std::vector<FloorRow> new_rows(Bench& bench, int count) {
  std::vector<FloorRow> rows;
  const Instant now = machine_now();
  for (int i = 0; i < count; ++i) {
    FloorRow row = floor_row(bench.next_user++, "made", now);
    row.entry.action = "IdentityCreated";
    row.entry.after = fmt::format(
        R"({{"active":true,"clientID":"{}","cluster":"{}","description":"made","displayName":"{}","generation":1,)"
        R"("kind":"custom","name":"{}","namespace":"apps","releasedTo":"","scopes":["contacts","documents"],)"
        R"("spec":"","standing":"owned","tags":["billing","nightly"],"uid":"{}","versions":[{{"number":1,"state":"delivered"}}]}})",
        row.identity.client_id.value, kCluster.value, row.identity.config.display_name, row.entry.name,
        row.identity.owner.uid.value);
    rows.push_back(std::move(row));
  }
  return rows;
}

// A user with two grants, two tags and a credential: seven rows with its client ID, its entry, the head.
void measure_creates(Bench& bench, int batch) {
  Rate ours, floor;
  for (int turn = 0; turn < kTurns; ++turn) {
    const Instant now = machine_now();
    take_turn(
        ours,
        [&] {
          std::vector<plan::IdentityChange> changes;
          for (int i = 0; i < batch; ++i) {
            const int user = bench.next_user++;
            changes.push_back(change_of(user, {wanted(user, "made"), issue(1, now), deliver(1)}));
          }
          return changes;
        },
        [&](const auto& changes) { bench.commit(changes); });
    take_turn(
        floor, [&] { return new_rows(bench, batch); },
        [&](auto& rows) { must(bench.floor->create(rows, Floor::Trail::Written)); });
  }
  tell(bench, "new users", batch, ours, floor);
}

void measure_observe(Bench& bench) {
  std::vector<IdentityRef> refs;
  for (int i = 0; i < 500; ++i) refs.push_back({change_of(i, {}).owner.resource, std::nullopt});
  const auto start = SteadyClock::now();
  for (int i = 0; i < 20; ++i) static_cast<void>(must(bench.store->observe(kCluster, refs)));
  bench.table.add("observe in batches of 500: users/s", bench.form,
                  fmt::format("{:.0f}", 20 * 500 / seconds_since(start)));
}

// --- drift ---------------------------------------------------------------------------------------

// From just before somebody else's COMMIT is sent to the answer of the commit that repaired the row.
void measure_drift(Bench& bench) {
  const plan::IdentityChange repair = change_of(1, {wanted(1, "as declared")});
  bench.commit({repair});
  const std::vector<IdentityRef> refs{{repair.owner.resource, std::nullopt}};
  std::vector<double> took;
  for (int i = 0; i < kDrifts; ++i) {
    const FeedPosition before = must(bench.store->feed_end());
    must(bench.floor->outside(bench.form == Form::Sqlite ? "BEGIN IMMEDIATE" : "BEGIN"));
    must(bench.floor->outside(fmt::format("UPDATE {}users SET description = 'drift {}' WHERE user_id = '{}'",
                                          bench.form == Form::Sqlite ? "" : "neoid.", i, uuid(1001))));
    auto repaired = std::async(std::launch::async, [&] {
      while (must(bench.store->changes_after(kCluster, before, 10)).empty())
        bench.store->wait_for_change(std::chrono::seconds(5), {});
      if (must(bench.store->observe(kCluster, refs)).identities.front().own->untouched)
        give_up("the drift was not seen");
      bench.commit({repair});
      return SteadyClock::now();
    });
    const auto start = SteadyClock::now();
    must(bench.floor->outside("COMMIT"));
    took.push_back(std::chrono::duration<double, std::milli>(repaired.get() - start).count());
    if (!must(bench.store->observe(kCluster, refs)).identities.front().own->untouched)
      give_up("the drift was not repaired");
  }
  std::sort(took.begin(), took.end());
  bench.table.add("drift, outside commit to repaired commit: p50, p99", bench.form,
                  fmt::format("{:.2f} ms, {:.2f} ms", took[kDrifts / 2], took[kDrifts * 99 / 100]));
}

// --- anti-entropy --------------------------------------------------------------------------------

void fill_up(Bench& bench, int users) {
  while (bench.next_user < users) {
    auto rows = new_rows(bench, std::min(1000, users - bench.next_user));
    must(bench.floor->create(rows, Floor::Trail::LeftOut));
  }
}

// A number of /proc/self/status, in MiB.
double status_mib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  return 0;
}

void measure_sweep(Bench& bench, int users) {
  fill_up(bench, users);
  must(bench.floor->outside(bench.form == Form::Sqlite ? "ANALYZE" : "VACUUM ANALYZE neoid.users"));
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const double before = status_mib("VmRSS");
  const auto start = SteadyClock::now();
  int rows = 0;
  int touched = 0;
  const auto swept = bench.store->sweep(kCluster, [&](const IdentityStore::SweepRow& row) {
    ++rows;
    touched += row.untouched ? 0 : 1;
    return true;
  });
  const double took = seconds_since(start);
  if (!swept) give_up(swept.error().describe());
  if (rows < users || touched != 0) give_up(fmt::format("{} rows swept, {} touched", rows, touched));
  bench.table.add(fmt::format("anti-entropy over {} users: time, memory more", users), bench.form,
                  fmt::format("{:.2f} s, {:.1f} MiB", took, status_mib("VmHWM") - before));
}

}  // namespace
}  // namespace neoid::store

int main(int argc, char** argv) {
  using namespace neoid::store;
  const int most = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  Table table;
  for (const Form form : all_forms()) {
    if (argc > 2 && argv[2] != std::string(form == Form::Sqlite ? "Sqlite" : "Postgres")) continue;
    Bench bench(form, table);
    const bool only_sweep = argc > 3 && argv[3] == std::string("sweep");
    if (!only_sweep) {
      fill_up(bench, kUsers);
      measure_observe(bench);
      measure_drift(bench);
      for (const int batch : {1, 10, 100, 500}) measure_updates(bench, batch);
      for (const int batch : {1, 10, 100, 500}) measure_creates(bench, batch);
    }
    for (const int users : {100'000, 1'000'000})
      if (users <= most) measure_sweep(bench, users);
  }
  table.print();
}
