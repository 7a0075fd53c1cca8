// MemberReader: takes typed members out of one JSON object; remembers the first one of a wrong type.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/base/time.h"
#include "reconcile/value/json.h"

namespace neoid::api {

// Borrows the object. A member that is absent or null reads as `otherwise`.
class MemberReader {
 public:
  MemberReader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {}

  std::string text(std::string_view name, std::string otherwise = {}) {
    const Json* member = find(name);
    if (member == nullptr) return otherwise;
    if (!member->is_string()) return wrong(name, "a string", otherwise);
    return member->get<std::string>();
  }

  bool flag(std::string_view name, bool otherwise) {
    const Json* member = find(name);
    if (member == nullptr) return otherwise;
    if (!member->is_boolean()) return wrong(name, "a boolean", otherwise);
    return member->get<bool>();
  }

  std::int64_t number(std::string_view name, std::int64_t otherwise) {
    const Json* member = find(name);
    if (member == nullptr) return otherwise;
    if (!member->is_number_integer()) return wrong(name, "an integer", otherwise);
    return member->get<std::int64_t>();
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> list;
    const Json* member = find(name);
    if (member == nullptr) return list;
    if (!member->is_array()) return wrong(name, "a list", list);
    for (const Json& item : *member) {
      if (!item.is_string()) return wrong(name, "a list of strings", list);
      list.push_back(item.get<std::string>());
    }
    return list;
  }

  std::optional<Instant> time(std::string_view name) {
    const std::string value = text(name);
    if (value.empty()) return std::nullopt;
    auto instant = parse_time(value);
    return instant ? instant : wrong(name, "an RFC 3339 time", instant);
  }

  std::optional<Duration> duration(std::string_view name) {
    const std::string value = text(name);
    if (value.empty()) return std::nullopt;
    auto duration = parse_duration(value);
    return duration ? duration : wrong(name, "a duration", duration);
  }

  // The object at `name`, or an empty one.
  const Json& object(std::string_view name) {
    static const Json kEmpty = Json::object();
    const Json* member = find(name);
    if (member == nullptr) return kEmpty;
    return member->is_object() ? *member : wrong(name, "an object", kEmpty);
  }

  const Json* find(std::string_view name) const {
    if (!object_.is_object()) return nullptr;
    const auto member = object_.find(name);
    return member == object_.end() || member->is_null() ? nullptr : &*member;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  const T& wrong(std::string_view name, std::string_view wanted, const T& value) {
    if (!error_)
      error_ = Error{ErrorKind::Invalid, path_ + "." + std::string(name) + " is not " + std::string(wanted)};
    return value;
  }

  const Json& object_;
  std::string path_;
  std::optional<Error> error_;
};

// The first error of any of them.
inline Result<void> no_error(std::initializer_list<const MemberReader*> readers) {
  for (const MemberReader* reader : readers) {
    if (reader->error()) return fail(*reader->error());
  }
  return {};
}

}  // namespace neoid::api
