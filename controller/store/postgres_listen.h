// Waits for notifications of commits on a connection of its own.
//
// A notification carries a number of no meaning; the reader catches up from the activity, so one that was
// lost (while there was no connection, say) loses nothing: after each connect the first wait returns at once.
// Thread-safe; one waiter at a time, others queue.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

#include "controller/store/postgres_connection.h"

namespace neoid::store {

class PgListener {
 public:
  explicit PgListener(PgTarget target);
  ~PgListener();
  PgListener(const PgListener&) = delete;
  PgListener& operator=(const PgListener&) = delete;

  void wait(std::chrono::milliseconds most, std::stop_token stop);

 private:
  class Receiver;
  bool connect();
  // Until something arrives on the socket or the wake descriptor.
  void poll(std::chrono::milliseconds most);

  const PgTarget target_;
  int wake_ = -1;       // eventfd
  std::mutex waiting_;  // guards what follows
  std::unique_ptr<PgConnection> connection_;
  std::unique_ptr<Receiver> receiver_;
};

}  // namespace neoid::store
