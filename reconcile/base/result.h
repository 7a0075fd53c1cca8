// Expected failures are values: Result<T> holds a T or an Error of a closed kind.
//
// The kind alone decides about retries, conditions and exit codes; the message is for people (stable,
// without times and secrets) and is never parsed. `reason` is a CamelCase word for machines where a
// protocol names one (Kubernetes' Status.reason, our own "Fenced"); it may be empty.
#pragma once

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace neoid {

enum class ErrorKind {
  NotFound,     // definitely absent: a 404, an empty row set
  Conflict,     // somebody else was faster, or owns it: read again
  Invalid,      // the input is wrong; trying again will not help
  Denied,       // we or they may not
  Unavailable,  // the other side cannot be reached or cannot serve now; try again later
  Timeout,      // no answer in time: what was asked may or may not have happened
  Internal,     // a bug, ours or theirs
};

std::string_view to_string(ErrorKind kind);
std::ostream& operator<<(std::ostream& out, ErrorKind kind);  // for test output

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;
  std::string reason = {};
  std::chrono::milliseconds retry_after{0};  // what the other side asked for; 0: nothing
  std::shared_ptr<const Error> cause = nullptr;

  // "message: cause: cause of the cause".
  std::string describe() const;
};

// The same failure, told from one step further out; kind, reason and retry_after stay.
Error wrap(std::string_view context, Error inner);

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  using Base::operator=;
  Result(tl::unexpected<Error> error) : Base(std::move(error)) {}
};

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string reason = {}) {
  return fail(Error{kind, std::move(message), std::move(reason)});
}

}  // namespace neoid

#define NEOID_CONCAT_(a, b) a##b
#define NEOID_CONCAT(a, b) NEOID_CONCAT_(a, b)

// NEOID_TRY(auto x, f()): x is the value of f(), or this function returns its error.
#define NEOID_TRY(declaration, expression) \
  NEOID_TRY_(NEOID_CONCAT(neoid_try_, __LINE__), declaration, expression)
#define NEOID_TRY_(temporary, declaration, expression)                \
  auto temporary = (expression);                                      \
  if (!temporary) return ::neoid::fail(std::move(temporary).error()); \
  declaration = std::move(*temporary)

// NEOID_TRY_VOID(f()): goes on if f() succeeded, else this function returns its error.
#define NEOID_TRY_VOID(expression)                           \
  do {                                                       \
    if (auto neoid_result = (expression); !neoid_result)     \
      return ::neoid::fail(std::move(neoid_result).error()); \
  } while (false)
