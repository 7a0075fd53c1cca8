#include "controller/store/postgres_listen.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace neoid::store {

using std::chrono::milliseconds;

namespace {
constexpr milliseconds kBeforeReconnect{500};
constexpr milliseconds kLookAtConnection{5000};
}  // namespace

class PgListener::Receiver final : public pqxx::notification_receiver {
 public:
  explicit Receiver(pqxx::connection_base& connection) : pqxx::notification_receiver(connection, "neoid") {}
  void operator()(const std::string&, int) override { received = true; }
  bool received = true;  // whatever came before it listened
};

PgListener::PgListener(PgTarget target)
    : target_(std::move(target)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PgListener::~PgListener() {
  receiver_.reset();
  if (wake_ >= 0) ::close(wake_);
}

bool PgListener::connect() {
  if (connection_ && connection_->alive()) return true;
  receiver_.reset();
  connection_.reset();
  auto connected = PgConnection::connect(target_);
  if (!connected) return false;
  try {
    receiver_ = std::make_unique<Receiver>((*connected)->raw());
  } catch (const std::exception&) {
    return false;
  }
  connection_ = std::move(*connected);
  return true;
}

void PgListener::poll(milliseconds most) {
  std::array<pollfd, 2> files{
      {{wake_, POLLIN, 0}, {connection_ ? connection_->raw().sock() : -1, POLLIN, 0}}};
  ::poll(files.data(), files.size(), static_cast<int>(most.count()));
  std::uint64_t ignored = 0;
  static_cast<void>(!::read(wake_, &ignored, sizeof(ignored)));
}

void PgListener::wait(milliseconds most, std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  const std::stop_callback on_stop(stop, [this] {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_, &one, sizeof(one)));
  });
  const std::scoped_lock lock(waiting_);
  while (!stop.stop_requested()) {
    const bool connected = connect();
    if (connected && std::exchange(receiver_->received, false)) return;
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= milliseconds(0)) return;
    poll(std::min(left, connected ? kLookAtConnection : kBeforeReconnect));
  }
}

}  // namespace neoid::store
