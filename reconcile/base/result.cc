#include "reconcile/base/result.h"

namespace neoid {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound: return "NotFound";
    case ErrorKind::Conflict: return "Conflict";
    case ErrorKind::Invalid: return "Invalid";
    case ErrorKind::Denied: return "Denied";
    case ErrorKind::Unavailable: return "Unavailable";
    case ErrorKind::Timeout: return "Timeout";
    case ErrorKind::Internal: return "Internal";
  }
  return "Internal";
}

std::ostream& operator<<(std::ostream& out, ErrorKind kind) { return out << to_string(kind); }

std::string Error::describe() const {
  std::string text = message;
  for (const Error* inner = cause.get(); inner != nullptr; inner = inner->cause.get()) {
    text += ": ";
    text += inner->message;
  }
  return text;
}

Error wrap(std::string_view context, Error inner) {
  Error outer{inner.kind, std::string(context), inner.reason, inner.retry_after, nullptr};
  outer.cause = std::make_shared<const Error>(std::move(inner));
  return outer;
}

}  // namespace neoid
