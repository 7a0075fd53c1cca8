// Compiles the x-kubernetes-validations of a schema, and judges what they may cost. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reconcile/schema/decl_types.h"
#include "reconcile/schema/errors.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

// What compiling one rule gave: its error, or nothing (then it stands in Node::rules).
struct RuleVerdict {
  std::string error;          // empty: compiled
  std::string message_error;  // the same of its messageExpression
  bool uses_old_self = false;
  std::uint64_t cost = 0;  // of one evaluation, at most
  std::uint64_t unbounded_places =
      0;  // how often it can stand in one request, where nothing above bounds that
};

// The rules of a node, by the node's schema; in their order.
using RuleVerdicts = std::unordered_map<const Structural*, std::vector<RuleVerdict>>;

// Fills Node::rules of the whole tree. Rules whose node has no CEL type are left out of both.
RuleVerdicts compile_rules(Node& root, cel::KubernetesVersion version);

// Adds up the costs of all rules of one schema.
class TotalCost {
 public:
  void observe(const std::string& path, std::uint64_t cost);
  // The errors if it is too much; `path` is that of openAPIV3Schema.
  Errors judge(const std::string& path) const;

 private:
  std::uint64_t total_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> most_expensive_;  // at most 4, the most expensive first
};

// How often a node can stand in one object: nullopt is unbounded.
using Cardinality = std::optional<std::uint64_t>;
Cardinality child_cardinality(Cardinality parent, const Structural& schema);
std::uint64_t multiply(std::uint64_t a, std::uint64_t b);  // saturates

}  // namespace neoid::schema::internal
