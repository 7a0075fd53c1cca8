// One JSON value out of a text, with what the readers above it want to know besides. Internal to this folder.
//
// Errors are those of Go's encoding/json, word for word, without a place; the place is an offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"
#include "reconcile/value/source_map.h"

namespace neoid {

struct JsonDuplicate {
  std::string path;  // "spec.a[0].b"
  std::size_t offset = 0;
};

struct JsonScan {
  enum class Status { Done, NeedMore, Failed };
  Status status = Status::Failed;
  Json value;
  std::size_t end = 0;  // after the value; where it failed, the offending character
  std::string message;  // Failed only
  std::vector<JsonDuplicate> duplicates;
  std::vector<JsonDuplicate> large_integers;  // beyond 2^53
};

struct JsonScanOptions {
  SourceMap* positions = nullptr;  // filled if set
  Position start{1, 1};            // of text[0]
  std::size_t max_reports = 100;   // of each kind
  bool report_large_integers = false;
  std::size_t max_depth = 10'000;
};

// Reads the first value, after white space. NeedMore: the text ends within the value, or a number ends with
// it.
JsonScan scan_json(std::string_view text, const JsonScanOptions& options = {});

// "'x'" as Go's errors quote a byte.
std::string go_quote_byte(char byte);
inline bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace neoid
