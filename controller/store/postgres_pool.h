// Connections for reading, checked before they are given out, and at most so many kept.
//
// Thread-safe. Each session becomes neoid_controller where its login may (row security and the guards of the
// schema go by that name), and stays what it is elsewhere (the token service's login).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/store/postgres_connection.h"
#include "reconcile/base/result.h"

namespace neoid::store {

enum class PgRole {
  Controller,  // Denied, with what to do, where the login may not become it
  ControllerIfAllowed,
};
// Where its login may; how many of neoid_controller and neoid_platform that are.
Result<int> become_controller(PgConnection& connection);
// A connected session with its time limits set.
Result<std::unique_ptr<PgConnection>> open_session(const PgTarget& target, PgRole role);

class PgPool {
 public:
  explicit PgPool(PgTarget target) : target_(std::move(target)) {}

  Result<std::unique_ptr<PgConnection>> take();
  void give_back(std::unique_ptr<PgConnection> connection);

  // Runs a read; where the connection turns out to be lost, once more on a new one.
  template <class Work>
  auto read(Work work) -> decltype(work(std::declval<PgConnection&>())) {
    for (int attempt = 0;; ++attempt) {
      NEOID_TRY(auto connection, take());
      auto result = work(*connection);
      const bool lost = connection->broken();
      give_back(std::move(connection));
      if (result || !lost || attempt > 0) return result;
    }
  }

 private:
  static constexpr std::size_t kKept = 8;

  const PgTarget target_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<PgConnection>> idle_;
};

}  // namespace neoid::store
