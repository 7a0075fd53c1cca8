// YAML and JSON text into values, exactly as Kubernetes reads it, and with what Kubernetes throws away: where
// each value stands, and what was written that a person probably did not mean.
//
// The rules are those of kubectl: YAML 1.1 words and numbers, the last of two equal keys wins, documents are
// cut at lines that start with `---`, a stream that starts with `{` is JSON, UTF-16 with a byte order mark is
// read, bytes that are not UTF-8 become U+FFFD. Errors are ErrorKind::Invalid; the message begins with what
// kubectl says ("yaml: line 6: did not find expected key") and ends with the exact place ("(at line 7, column
// 3)"). Pure; a reader belongs to one thread, different readers are independent. Source: yaml.org/spec/1.1;
// k8s.io/apimachinery/pkg/util/yaml; tests/golden/yaml holds recordings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"
#include "reconcile/value/source_map.h"

namespace neoid {

// Past a limit the reading ends with an error; nothing is cut off silently.
struct YamlLimits {
  std::size_t max_document_bytes = std::size_t{64} << 20;
  std::size_t max_nodes = 4'000'000;  // of one document, aliases counted as often as they are used
  int max_depth = 10'000;
  std::size_t max_notices = 100;  // of one document; more are not kept
};

enum class NoticeKind {
  DuplicateKey,  // the last one wins
  BooleanWord,   // y, no, on: read as a boolean
  LeadingZero,   // 012: read as 10, or 08 as 8
  Underscore,    // 1_000: read as 1000
  Rewritten,     // 1.10, 12e03: read as the numbers 1.1 and 12000
  Tag,           // !foo: not looked at
  InvalidUtf8,   // bytes replaced by U+FFFD
  LargeInteger,  // beyond 2^53: others will round it, or it was rounded already
  MergeKey,      // <<: read, but Kubernetes never writes it back
  KeyNotString,  // on: or 0x10: as a key, read as "true" and "16"
};
std::string_view to_string(NoticeKind kind);

struct Notice {
  NoticeKind kind;
  std::string path;     // "spec.scopes[0]"
  std::string message;  // "no is read as the boolean false; write \"no\" in quotes if the word is meant"
  Position at;
};

struct Document {
  Json value;  // null for an empty document
  SourceMap positions;
  std::vector<Notice> notices;
  Position start;  // of its first byte: line 1 for the first one, the line after `---` for the others
};

// Why a reader stopped, with the place.
struct YamlError {
  std::string message;  // without a place: "did not find expected key"
  Position at;          // exact; line 0 where none is known
  int kubectl_line =
      0;  // what kubectl names: counted from its `---`, and one less for errors of structure; 0: none
};

// The documents of a text or a stream, one at a time; holds one of them in memory.
class YamlReader {
 public:
  // Fills at most `size` bytes and says how many; 0 is the end.
  using Source = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;

  explicit YamlReader(std::string_view bytes, YamlLimits limits = {});  // borrows the bytes
  explicit YamlReader(Source source, YamlLimits limits = {});
  YamlReader(YamlReader&&) noexcept;
  YamlReader& operator=(YamlReader&&) noexcept;
  ~YamlReader();

  // The next document; nullopt at the end. Documents that are null or empty are left out, as kubectl does.
  // After an error every call returns that error.
  Result<std::optional<Document>> next();
  // Set once next() has failed because of the text (not because of the source).
  const std::optional<YamlError>& error() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// All documents; the first error loses them all. A List stays one document.
Result<std::vector<Document>> read_yaml(std::string_view bytes, const YamlLimits& limits = {});
// The one document of a text, its value only; null for an empty text, Invalid for two documents. Reads JSON
// too.
Result<Json> parse_yaml(std::string_view bytes);

// As the API server reads the body of a request: the first document of the text, nothing cut beforehand, errors in
// its words alone ("yaml: line 1: did not find expected node content").
struct YamlBody {
  Json value;
  std::vector<std::string> duplicate_keys;  // `line 7: key "size" already set in map`, at most 100
};
Result<YamlBody> read_yaml_body(std::string_view bytes);

// The members of a List (a kind that ends in List with an array `items`), else the value itself alone.
std::vector<Json> items_of_list(Json value);

}  // namespace neoid
