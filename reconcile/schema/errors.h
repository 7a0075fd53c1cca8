// Short names for the field errors of CRD checks. Internal to reconcile/schema.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconcile/value/field_error.h"

namespace neoid::schema::internal {

using Errors = std::vector<FieldError>;

inline FieldError required(std::string field, std::string detail = {}) {
  return {FieldErrorType::Required, std::move(field), "", std::move(detail)};
}
inline FieldError forbidden(std::string field, std::string detail) {
  return {FieldErrorType::Forbidden, std::move(field), "", std::move(detail)};
}
inline FieldError internal_error(std::string field, std::string detail) {
  return {FieldErrorType::Internal, std::move(field), "", std::move(detail)};
}
// `printed`: the bad value as Go prints it.
inline FieldError invalid_printed(std::string field, std::string printed, std::string detail) {
  return {FieldErrorType::Invalid, std::move(field), std::move(printed), std::move(detail)};
}
inline FieldError invalid_text(std::string field, std::string_view value, std::string detail) {
  return invalid_printed(std::move(field), go_quote(value), std::move(detail));
}
// `values` must be in the order in which they are to be told.
inline FieldError not_supported(std::string field, std::string_view value,
                                const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& one : values) list += (list.empty() ? "" : ", ") + go_quote(one);
  return {FieldErrorType::NotSupported, std::move(field), go_quote(value), "supported values: " + list};
}

inline void append(Errors& errors, Errors more) {
  errors.insert(errors.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace neoid::schema::internal
