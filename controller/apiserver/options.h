// The options of requests, read from query and body and judged as a kube-apiserver does.
//
// Pure. Source: k8s.io/apimachinery/pkg/apis/meta/v1/{types,validation}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/status.h"
#include "controller/http/server.h"

namespace neoid::apiserver {

enum class FieldValidation { Ignore, Warn, Strict };

struct WriteOptions {
  bool dry_run = false;
  std::string field_manager;
  FieldValidation validation = FieldValidation::Warn;
  bool force = false;  // of an apply
};
enum class WriteKind { Create, Update, Patch, Apply };
Answer<WriteOptions> read_write_options(const http::Request& request, WriteKind kind);

struct ListQuery {
  std::string label_selector, field_selector;
  bool watch = false;
  bool bookmarks = false;
  std::string resource_version;
  std::string match;  // resourceVersionMatch
  std::optional<std::int64_t> timeout_seconds;
  std::int64_t limit = 0;  // below 1: all
  std::string continue_token;
};
Answer<ListQuery> read_list_query(const http::Request& request, bool watch);

struct DeleteOptions {
  bool dry_run = false;
  bool past_admission = false;  // of an object whose CRD goes: a real server asks nobody
  std::optional<std::int64_t> grace_seconds;
  std::optional<std::string> uid, resource_version;  // preconditions
  std::optional<bool> orphan;
  std::optional<std::string> propagation;
};
// `group_version` is that of the resource: bodies may name it.
Answer<DeleteOptions> read_delete_options(const http::Request& request, std::string_view group_version);

// "123" or an error in Go's words: strconv.ParseUint / ParseInt: parsing "x": invalid syntax.
Answer<std::int64_t> parse_int(std::string_view text);
// A resourceVersion of a read; "" and "0" are 0. 500 for others.
Answer<std::int64_t> parse_resource_version(std::string_view text);

}  // namespace neoid::apiserver
