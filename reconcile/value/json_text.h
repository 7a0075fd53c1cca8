// JSON text in and out, as Kubernetes reads and writes it. Pure and thread-safe.
//
// Read: the last of two equal keys wins; integers that fit are int64, every other number is a double;
// bytes that are not UTF-8 and lone surrogates become U+FFFD; 10,000 levels. Errors are ErrorKind::Invalid
// in the words of Go's encoding/json ("invalid character 'x' looking for beginning of value").
// Source: RFC 8259; k8s.io/apimachinery/pkg/util/json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid {

constexpr std::size_t kMaxJsonDepth =
    10'000;  // Kubernetes' own; what walks so deep a value needs the stack for it

// Exactly one value with white space around it.
Result<Json> parse_json(std::string_view text, std::size_t max_depth = kMaxJsonDepth);

struct JsonRead {
  Json value;
  // Members that came twice in one object, as Kubernetes names them in `duplicate field "spec.x"`: in the
  // order of the text, each once, at most 100.
  std::vector<std::string> duplicate_fields;
};
Result<JsonRead> read_json(std::string_view text, std::size_t max_depth = kMaxJsonDepth);

// Compact text. Doubles are written as Go writes them (1.0 as 1, 1e21 as 1e+21); what is not UTF-8 becomes
// U+FFFD and what is not a number becomes null: it never throws.
std::string to_json(const Json& value);
// The text of one finite double, as Go's encoding/json writes it.
std::string go_number(double value);

}  // namespace neoid
