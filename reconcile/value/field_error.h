// One thing that is wrong with one field: Kubernetes' field.Error, in its words.
// Source: k8s.io/apimachinery/pkg/util/validation/field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid {

enum class FieldErrorType {
  NotFound,
  Required,
  Duplicate,
  Invalid,
  NotSupported,
  Forbidden,
  TooLong,
  TooMany,
  TypeInvalid,
  Internal,
};

struct FieldError {
  FieldErrorType type = FieldErrorType::Invalid;
  std::string field;  // "spec.scopes[0]", "metadata.labels[a/b]", "<nil>"
  std::string
      value;  // the bad value as it is printed: go_value(), or a quoted type name; empty where none is
  std::string detail;  // what is wanted
  // "FieldValueInvalid": the reason in Status.details.causes.
  std::string_view reason() const;
  // "Invalid value: \"x\": must be y": the message in Status.details.causes.
  std::string message() const;
  // "spec.x: Invalid value: ...": as it stands in Status.message.
  std::string text() const { return field + ": " + message(); }
  bool operator==(const FieldError&) const = default;
};

// Go's %q of a string and the %v / %#v that field.Error prints for other values
// (maps as map[string]interface {}{"a":1}, lists as []interface {}{"a"}, null as "null").
std::string go_quote(std::string_view text);
std::string go_value(const Json& value);

}  // namespace neoid
