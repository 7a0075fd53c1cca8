// The connections of a server: who waits, who is served, who streams. Private to this folder.
//
// Flow: run() (one thread) polls the listener, idle connections for bytes and streaming connections for their end.
// Bytes on an idle connection make it Busy: a worker serves requests on it until none follows at once, then parks it.
// Guarantees: a session is used by the poll thread only while Idle, by one worker only while Busy or Streaming; one-shot
// polling means that nobody polls a Busy one. stop() cuts what does not end in time.
// Failure modes: no descriptors left: accepting pauses for 100 ms. A worker that never returns holds stop() up.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>

#include "controller/base/mutex.h"
#include "controller/http/exchange.h"
#include "controller/http/workers.h"

namespace neoid::http {

// An owned file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  void close();

 private:
  int number_;
};

class Server::Impl {
 public:
  // Takes over `listener`, which listens on `port`. `tls` may be null.
  Impl(int listener, int port, SslContextPtr tls, ServerLimits limits, Handler handler);
  ~Impl();

  int port() const { return port_; }
  bool tls() const { return secure_; }
  void replace_tls(SslContextPtr tls);
  void stop(std::chrono::milliseconds grace);

 private:
  enum class State { Idle, Busy, Streaming };
  struct Session;
  using SessionPtr = std::shared_ptr<Session>;
  class Watch;

  void run();
  void ring();
  void hush();
  void accept_connections();
  void on_event(std::uint64_t id);
  void close_overdue();
  int next_timeout() const;
  void poll_for(const Session& session, std::uint32_t events);

  void serve(const SessionPtr& session);
  bool greet(Session& session);
  void park(Session& session);
  void forget(const Session& session);

  Descriptor listener_;
  const Descriptor poller_;
  const Descriptor bell_;  // wakes the poll thread
  const int port_;
  const bool secure_;
  const ServerLimits limits_;
  Exchange exchange_;

  mutable Mutex mutex_;
  CondVar session_gone_;
  SslContextPtr tls_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, SessionPtr> sessions_ NEOID_GUARDED_BY(mutex_);
  std::set<std::pair<SteadyTime, std::uint64_t>> overdue_
      NEOID_GUARDED_BY(mutex_);                         // when Idle ones are closed
  std::uint64_t last_id_ NEOID_GUARDED_BY(mutex_) = 1;  // 0 and 1: listener and bell

  std::atomic<bool> stopping_ = false;
  SteadyTime accept_again_ = {};  // of the poll thread
  Mutex stop_mutex_;              // the second stop() waits for the first
  bool stopped_ NEOID_GUARDED_BY(stop_mutex_) = false;
  Workers workers_;
  std::thread thread_;
};

}  // namespace neoid::http
