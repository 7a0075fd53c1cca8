// Recorded cases of tests/golden/kube (http and kubectl), read as sequences of writes that pure functions can repeat.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/apply/managed_fields.h"
#include "reconcile/value/json.h"

namespace neoid::apply::golden {

// One recorded write whose live object is known.
struct Step {
  std::string name;  // "098-apply-basic.json update"
  std::string method, path, content_type;
  std::map<std::string, std::string> query;
  std::string user_agent;
  Json body;              // of the request, references to earlier answers filled in; null where it was text
  std::string body_text;  // the same as sent
  Json live;              // before the write; an empty object where there was none
  int status = 0;
  Json answer;

  std::string resource;     // "widgets"
  std::string subresource;  // "status"
  std::string api_version;  // of the path: "golden.example.com/v1"
  std::string kind;
  bool custom = false;
  bool has_status = false;
  VersionedTypes types;

  Writer writer() const;
};

// The writes (POST, PUT, PATCH) of every case. Read once.
const std::vector<Step>& read_steps();

// Takes out the members that the type does not know: pruned, or seen through another version.
void drop_unknown(Json& value, const Type& type);

// The latest time in metadata.managedFields.
std::optional<Instant> latest_time(const Json& object);

}  // namespace neoid::apply::golden
