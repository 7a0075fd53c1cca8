// What admission asks of the cluster, answered from the controller's caches.
#pragma once

#include "controller/base/mutex.h"
#include "controller/reconcilers/caches.h"
#include "reconcile/policy/around.h"

namespace neoid::cmd {

policy::Around around(const reconcilers::Caches& caches, const policy::AdmissionFacts& facts);

// The same for caches that come after the API that asks, and go before it. Thread-safe.
class LateCaches {
 public:
  // Takes the caches back when it goes; returns from that only when nobody uses them any more.
  class Loan {
   public:
    explicit Loan(LateCaches& holder) : holder_(holder) {}
    ~Loan() { holder_.set(nullptr); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

   private:
    LateCaches& holder_;
  };
  [[nodiscard]] Loan lend(const reconcilers::Caches& caches) {
    set(&caches);
    return Loan(*this);
  }
  policy::Around around(const policy::AdmissionFacts& facts) const {
    MutexLock lock(mutex_);
    return caches_ == nullptr ? policy::Around() : cmd::around(*caches_, facts);
  }

 private:
  void set(const reconcilers::Caches* caches) {
    MutexLock lock(mutex_);
    caches_ = caches;
  }
  mutable Mutex mutex_;
  const reconcilers::Caches* caches_ NEOID_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace neoid::cmd
