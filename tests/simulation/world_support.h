// A world in miniature for the credential protocol: one resource, one Secret, one stored identity, up to two replicas
// whose passes can be stopped between any two writes, a network that may delay a create, and hands that meddle.
//
// What is under test is real: plan::decide_user, store::apply_change, status::user_status. The world only carries
// their values from one to the next.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/store/apply.h"
#include "reconcile/status/user_status.h"

namespace neoid::simulation {

inline constexpr Duration kDeadline = std::chrono::seconds(10);  // D
inline constexpr Duration kOverlap = std::chrono::minutes(10);
inline constexpr Duration kInterval = std::chrono::hours(1);

// The store as a snapshot and a restore see it.
struct Database {
  std::optional<plan::StoredIdentity> identity;
  Epoch epoch = 0;
  int session = 0;  // grows with every restore: terms of before have no right any more
};

struct PendingCreate {
  plan::SecretView secret;
  Instant sent_at;
};

class World {
 public:
  World();

  // --- one replica's pass, a step at a time ---------------------------------------------------
  struct Replica {
    Epoch epoch = 0;
    int session = -1;
    Instant claimed_at;
    bool clean_claim = true;
    // The pass under way; nothing: idle.
    std::optional<plan::UserView> view;
    std::optional<plan::Plan> plan;
    int next_step = 0;  // 0 before, 1 secret, 2 after, 3 status
    Instant started;
    std::optional<plan::StoredIdentity> identity;
    std::optional<Sha256> secret_hash;
    std::optional<Error> store_error;
    std::optional<Error> api_error;
  };

  void claim(Replica& replica, bool clean);
  void read(Replica& replica);    // step 1, all of it
  bool step(Replica& replica);    // the next write; false: the pass is over
  void crash(Replica& replica);   // forgets the pass
  void pass(Replica& replica);    // a whole pass, undisturbed
  void settle(Replica& replica);  // passes until nothing is to do any more (the clock moves where one waits)

  // --- the rest of the world -------------------------------------------------------------------
  void advance(Duration duration);
  void land_pending_create();
  void drop_pending_create();
  void delete_secret_by_hand();
  void edit_secret_by_hand();
  void keep_copy_of_secret();
  void put_copy_of_secret_back();
  void request_rotation();
  void set_active(bool active);
  void put_copy_back_under_this_uid();  // ... with its annotation turned to the resource that is there now
  void recreate_resource();             // deleted to the end, and made again under the same name
  void delete_resource();               // by a person; the finalizer holds it until a pass lets it go
  void create_resource();               // under the same name, once it is gone
  void take_snapshot() { snapshot_ = database; }
  void restore_snapshot();

  // --- what the rules ask ----------------------------------------------------------------------
  bool store_accepts(const Sha256& hash) const;
  std::optional<Sha256> secret_in_place() const;  // hash of the client secret that the Secret holds
  const plan::PlanContext& context() const { return context_; }

  // The Secret is as neoid wrote it for this resource, and no rotation of it is due within `ahead`.
  bool holds_a_lasting_value(Duration ahead) const;
  // What the protocol leaves open: a version has ended that the snapshot knows as accepted, and no status tells of it.
  bool restore_would_revive() const;

  Instant now = Instant(std::chrono::hours(500000));
  bool exists = true;  // the resource
  api::UserResource resource;
  std::optional<plan::SecretView> secret;
  std::optional<PendingCreate> pending;
  Database database;
  Epoch lease_epoch = 0;
  bool delay_creates = false;
  bool written_by_neoid = false;           // the Secret is as the last write of neoid left it
  std::set<std::string> ended;             // hex of hashes that were revoked or ran out: never again
  std::vector<std::string> ready_reasons;  // of the last pass
  std::set<ClientId> clients;              // that a status of this resource has named

  std::optional<Database> snapshot_;

 private:
  void note_ended();
  std::optional<plan::StoredIdentity> commit(Replica& replica, const plan::IdentityChange& change);
  void write_secret(Replica& replica);
  void write_status(Replica& replica);
  void finish(Replica& replica);
  void sweep(Replica& replica);
  void touch_resource();
  plan::SecretView made(const plan::SecretContent& content);

  plan::PlanContext context_;
  std::optional<plan::SecretView> copy_;
  std::uint64_t serial_ = 0;
  int incarnation_ = 1;
};

}  // namespace neoid::simulation
