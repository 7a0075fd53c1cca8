#include "reconcile/schema/path.h"

#include <fmt/format.h>

namespace neoid::schema {

void Path::append(std::string& out, Keys keys, bool with_prefix) const {
  if (kind_ == Kind::Root) {
    if (with_prefix) out += name_;
    return;
  }
  parent_->append(out, keys, with_prefix);
  const bool bracketed = kind_ == Kind::Key && keys == Keys::Bracketed;
  if (kind_ == Kind::Index) {
    out += fmt::format("[{}]", index_);
  } else if (bracketed) {
    out += '[';
    out += name_;
    out += ']';
  } else {
    if (!out.empty()) out += '.';
    out += name_;
  }
}

std::string Path::text() const {
  std::string out;
  append(out, Keys::Bracketed, true);
  return out.empty() ? "<nil>" : out;
}

std::string Path::dotted() const {
  std::string out;
  append(out, Keys::Dotted, false);
  return out;
}

std::string Path::dotted_field() const {
  std::string out;
  append(out, Keys::Dotted, true);
  return out.empty() ? "<nil>" : out;
}

}  // namespace neoid::schema
