// JsonPath: the subset of kubectl's JSON paths that printer columns use: `.spec.a`, `.list[0]`, `.list[*].x`,
// `.list[?(@.type=="Ready")].status`, `.metadata.annotations['a\.b/c']`. Pure, immutable.
// Source: https://kubernetes.io/docs/reference/kubectl/jsonpath/
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid::apiserver {

class JsonPath {
 public:
  // nullopt: cannot be read.
  static std::optional<JsonPath> parse(std::string_view text);
  // All values at the path, in order; borrowed from `root`. Missing members are left out.
  std::vector<const Json*> find(const Json& root) const;

 private:
  struct Step {
    enum class Kind { Member, Index, All, Filter, Descend } kind = Kind::Member;
    std::string name;               // of a member
    int index = 0;                  // may count from the end
    std::vector<std::string> left;  // of a filter: members below @
    std::string operation;          // "", "==", "!=", "<", ...; "": the member is there
    Json right;
  };
  static void walk(const Json& value, const std::vector<Step>& steps, std::size_t at,
                   std::vector<const Json*>& found);
  std::vector<Step> steps_;
};

}  // namespace neoid::apiserver
