#include "recordings_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "reconcile/value/yaml.h"

namespace neoid::schema::testing {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(std::string(NEOID_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Json read_json_file(const std::string& path) {
  Json value = Json::parse(read_file(path), nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << path;
  return value;
}

std::vector<Json> read_yaml_file(const std::string& path) {
  std::vector<Json> out;
  auto documents = read_yaml(read_file(path));
  EXPECT_TRUE(documents.has_value()) << path;
  if (documents)
    for (Document& document : *documents)
      if (!document.value.is_null()) out.push_back(std::move(document.value));
  return out;
}

std::string cause_text(const FieldError& error) {
  return error.field + " | " + std::string(error.reason()) + " | " + error.message();
}

std::vector<std::string> cause_texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) out.push_back(cause_text(error));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> recorded_causes(const Json& response) {
  std::vector<std::string> out;
  const Json body = response.value("body", Json::object());
  const Json details = body.value("details", Json::object());
  for (const Json& cause : details.value("causes", Json::array()))
    out.push_back(cause.value("field", "") + " | " + cause.value("reason", "") + " | " +
                  cause.value("message", ""));
  std::sort(out.begin(), out.end());
  return out;
}

Written write(const CompiledSchema& schema, Json object, const Json* old) {
  Written out;
  out.unknown = schema.prune(object);
  schema.apply_defaults(object);
  out.errors = schema.validate(object, old);
  out.object = std::move(object);
  return out;
}

}  // namespace neoid::schema::testing
