// What the service knows of clients, kept as long as the change feed says that it is still so.
//
// Flow: a look-up comes with the feed position of its snapshot; put() keeps it; apply() takes what the feed told and
// drops what that is about.
// Guarantees: nothing is kept that a change up to the read position has made untrue: put() refuses a look-up whose
// snapshot is older than the feed that was already read, however long the look-up was under way.
// Timeline: look-up reads snapshot 7; change 8 commits, is read, drops the client; put(7) comes: refused.
// A look-up from before restart() (another database is behind the URL now) is refused by its generation.
// Memory: 600 bytes a client with one version and two scopes (measured, 100,000 of them); at most `most` clients, others
// are dropped at random.
// Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/base/mutex.h"
#include "controller/store/token_store.h"

namespace neoid::oauth {

class ClientCache {
 public:
  explicit ClientCache(std::size_t most) : most_(most) {}

  std::optional<store::TokenClient> find(const ClientId& client_id) const;
  // To be read before the look-up that put() brings.
  std::uint64_t generation() const;
  // Unknown clients are not kept: their names are anybody's choice.
  void put(const ClientId& client_id, const store::ClientLookUp& found, std::uint64_t generation);

  // The next changes of the feed, in order.
  void apply(std::span<const store::TokenChange> changes);
  // Everything is forgotten, and the feed read up to here.
  void restart(store::FeedPosition position);

  std::size_t size() const;

 private:
  // Names of scopes are shared; a user ID is 16 bytes where it is a UUID (it is, in this store).
  struct Entry {
    std::array<std::uint8_t, 16> user;
    bool active;
    std::vector<std::uint32_t> scopes;  // indices into names_
    std::vector<store::TokenVersion> versions;
  };
  struct UserHash {
    std::size_t operator()(const std::array<std::uint8_t, 16>& user) const noexcept;
  };
  using Entries = std::unordered_map<std::string, Entry>;

  std::uint32_t name_of(const std::string& scope) NEOID_REQUIRES(mutex_);
  void drop(Entries::iterator entry) NEOID_REQUIRES(mutex_);
  void forget_user(const UserId& user) NEOID_REQUIRES(mutex_);
  void forget_scope(const std::string& scope) NEOID_REQUIRES(mutex_);  // every client that holds it

  const std::size_t most_;
  mutable Mutex mutex_;
  store::FeedPosition read_ NEOID_GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ NEOID_GUARDED_BY(mutex_) = 0;
  Entries entries_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<std::array<std::uint8_t, 16>, const std::string*, UserHash> by_user_
      NEOID_GUARDED_BY(mutex_);
  std::vector<std::string> names_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::uint32_t> indices_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::oauth
