#include "controller/base/crash_point.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace neoid::crash_point_detail {
namespace {

struct Order {
  std::string name;
  int left = 1;  // counts down to the one that is meant
  int signal = SIGKILL;
};

[[noreturn]] void refuse(const std::string& text) {
  std::fprintf(stderr,
               "neoid: NEOID_CRASH_AT=%s is not NAME, NAME#COUNT or NAME:stop with a NAME of "
               "controller/base/crash_point.h; unset it\n",
               text.c_str());
  std::_Exit(2);
}

Order parse(const std::string& text) {
  Order order;
  order.name = text;
  if (order.name.ends_with(":stop")) {
    order.name.resize(order.name.size() - 5);
    order.signal = SIGSTOP;
  }
  if (const auto hash = order.name.find('#'); hash != std::string::npos) {
    const char* const end = order.name.data() + order.name.size();
    const auto [rest, error] = std::from_chars(order.name.data() + hash + 1, end, order.left);
    if (error != std::errc() || rest != end || order.left < 1) refuse(text);
    order.name.resize(hash);
  }
  if (std::find(kCrashPoints.begin(), kCrashPoints.end(), order.name) == kCrashPoints.end()) refuse(text);
  return order;
}

const char* given() {
  const char* text = std::getenv("NEOID_CRASH_AT");
  return text == nullptr ? "" : text;
}

}  // namespace

const bool armed = *given() != '\0';

void come_by(std::string_view name) {
  static const Order order = parse(given());
  static std::atomic<int> left = order.left;
  if (name != order.name || --left != 0) return;
  std::raise(order.signal);
}

}  // namespace neoid::crash_point_detail
