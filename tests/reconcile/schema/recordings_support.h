// Recorded answers of a real API server, and what a resource goes through on a write, without the server.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconcile/schema/crd.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::schema::testing {

Json read_json_file(const std::string& path);  // below the repository; fails the test if there is none
std::vector<Json> read_yaml_file(const std::string& path);

// A cause as it is compared: "field | reason | message".
std::string cause_text(const FieldError& error);
std::vector<std::string> cause_texts(const std::vector<FieldError>& errors);  // sorted
std::vector<std::string> recorded_causes(const Json& response);               // sorted

// What a server writes for `object`: pruned, defaults filled in, judged.
struct Written {
  Json object;
  std::vector<std::string> unknown;
  std::vector<FieldError> errors;
};
Written write(const CompiledSchema& schema, Json object, const Json* old = nullptr);

}  // namespace neoid::schema::testing
