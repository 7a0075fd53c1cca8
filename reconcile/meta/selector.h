// Label selectors and field selectors: parsed with an API server's errors, and matched. Pure and thread-safe.
// Source: kubernetes.io/docs/concepts/overview/working-with-objects/labels#api, .../field-selectors.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::meta {

enum class LabelOperator { In, NotIn, Exists, DoesNotExist, GreaterThan, LessThan };

struct LabelRequirement {
  std::string key;
  LabelOperator op = LabelOperator::Exists;
  std::vector<std::string> values;  // sorted; one of them for GreaterThan and LessThan
  bool operator==(const LabelRequirement&) const = default;
};

class LabelSelector {
 public:
  LabelSelector() = default;  // matches everything
  // "app=x,tier in (a,b),!old". Invalid, with what an API server says.
  static Result<LabelSelector> parse(std::string_view text);
  // {matchLabels, matchExpressions}; null matches nothing, an empty one everything.
  static Result<LabelSelector> from_json(const Json& selector);

  // `labels`: an object of strings, or null.
  bool matches(const Json& labels) const;
  bool matches(const std::map<std::string, std::string>& labels) const;
  bool matches_everything() const { return !nothing_ && requirements_.empty(); }
  const std::vector<LabelRequirement>& requirements() const { return requirements_; }

 private:
  std::vector<LabelRequirement> requirements_;
  bool nothing_ = false;
};

class FieldSelector {
 public:
  struct Term {
    std::string field;
    std::string value;
    bool equal = true;  // false: !=
    bool operator==(const Term&) const = default;
  };

  FieldSelector() = default;  // matches everything
  // "metadata.name=a,status.phase!=Done"; \, \= and \\ stand for themselves in values.
  static Result<FieldSelector> parse(std::string_view text);

  // `value_of`: of a field of the object; "" where there is none.
  bool matches(const std::function<std::string(std::string_view field)>& value_of) const;
  // The value that the field must have, if the selector wants exactly one.
  std::optional<std::string> exact(std::string_view field) const;
  // In the order in which an API server looks at them: sorted by their text.
  const std::vector<Term>& terms() const { return terms_; }
  bool matches_everything() const { return terms_.empty(); }

 private:
  std::vector<Term> terms_;
};

}  // namespace neoid::meta
