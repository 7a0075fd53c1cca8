// Notation: reads the text of builtin_data.h into OpenAPI definitions and field tables. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/openapi/builtin.h"
#include "reconcile/value/json.h"

namespace neoid::openapi {

class Notation {
 public:
  void add(std::string_view text);
  // Lists of the kinds, and the types that have no notation (Time, Quantity, IntOrString ...).
  void finish();

  const Json& definitions() const { return definitions_; }
  std::string kind(std::string_view group, std::string_view version, std::string_view kind) const;
  const std::vector<Field>* fields(std::string_view definition) const;

 private:
  void type_line(std::string_view rest);
  void field_line(std::string_view line);
  void inline_members();
  Json schema_of(const std::string& type) const;
  std::string complete(const std::string& name) const;

  Json definitions_ = Json::object();
  std::map<std::string, std::vector<Field>, std::less<>> fields_;
  std::map<std::string, std::string> kinds_;     // "group/version/Kind" -> definition
  std::map<std::string, std::string> packages_;  // "core" -> "io.k8s.api.core.v1"
  std::string package_, group_, type_;
};

}  // namespace neoid::openapi
