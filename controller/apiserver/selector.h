// What list, watch and deletecollection select by: reconcile/meta's selectors, with the fields of the resource.
//
// Values; const methods are thread-safe. Source: k8s.io/apimachinery/pkg/{labels,fields}.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/resource.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/meta/selector.h"

namespace neoid::apiserver {

class FieldSelector {
 public:
  // 400 also for fields that the resource cannot be selected by.
  static Answer<FieldSelector> parse(std::string_view text, const ResourceInfo& resource);
  bool empty() const { return terms_.empty(); }
  // Of an object as it is stored.
  bool matches(const Json& object) const;

 private:
  struct Term {
    std::function<std::string(const Json&)> value;
    std::string wanted;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

struct Selection {
  meta::LabelSelector labels;
  FieldSelector fields;

  // 400 with what a server says of a selector that it cannot read.
  static Answer<Selection> parse(std::string_view labels, std::string_view fields,
                                 const ResourceInfo& resource);
  bool empty() const { return labels.matches_everything() && fields.empty(); }
  bool matches(const Json& stored) const {
    return labels.matches(meta::member_of(stored, "labels")) && fields.matches(stored);
  }
};

}  // namespace neoid::apiserver
