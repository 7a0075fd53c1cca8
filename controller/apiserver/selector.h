// Label and field selectors of list, watch and deletecollection: read with a kube-apiserver's errors, matched.
//
// Values; const methods are thread-safe. Source: k8s.io/apimachinery/pkg/{labels,fields}.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/resource.h"

namespace neoid::apiserver {

class LabelSelector {
 public:
  static Answer<LabelSelector> parse(std::string_view text);
  bool empty() const { return requirements_.empty(); }
  // Of an object's metadata.
  bool matches(const Json& metadata) const;

 private:
  friend class LabelParser;
  enum class Operator { In, NotIn, Exists, Missing, Greater, Less };
  struct Requirement {
    std::string key;
    Operator operation = Operator::Exists;
    std::set<std::string> values;
  };
  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  // 400 also for fields that the resource cannot be selected by.
  static Answer<FieldSelector> parse(std::string_view text, const ResourceInfo& resource);
  bool empty() const { return terms_.empty(); }
  // Of an object as it is stored.
  bool matches(const Json& object) const;
  // The value that `metadata.name` or `metadata.namespace` must have; "" if it is not said.
  std::string required(std::string_view label) const;

 private:
  struct Term {
    std::string label;
    std::function<std::string(const Json&)> value;
    std::string wanted;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

struct Selection {
  LabelSelector labels;
  FieldSelector fields;
  bool empty() const { return labels.empty() && fields.empty(); }
  bool matches(const Json& stored) const {
    return labels.matches(stored["metadata"]) && fields.matches(stored);
  }
};

}  // namespace neoid::apiserver
