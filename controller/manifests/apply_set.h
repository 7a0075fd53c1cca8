// ApplySet: what was applied from the folder, remembered in the API itself, and the report of the last pass.
//
// A ConfigMap is the parent: its label says the set's ID, an annotation which kinds its members have; each member has
// the ID as a label. It is the form that `kubectl apply --applyset` uses, so that its tools see the same set. The
// kinds are written before the first member of a kind is applied: after a crash at any point no member is forgotten.
// Data of the ConfigMap: `folder`, `state` (InSync, Problems), `objects`, `problems` (a line each).
// Errors: those of kube::Client. Source: kubernetes/enhancements KEP-3659.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controller/kube/client.h"
#include "controller/manifests/kinds.h"
#include "controller/manifests/sync_plan.h"

namespace neoid::manifests {

inline constexpr const char* kFieldManager = "neoid-manifests";

struct Report {
  std::string folder;
  std::size_t objects = 0;
  std::vector<Problem> problems;  // sorted
};

class ApplySet {
 public:
  ApplySet(const kube::Client& client, kube::ObjectName parent);

  // Reads the parent; it may not be there yet.
  Result<void> load();
  // Makes sure that the parent names these kinds ("IntegrationUser.identity.neostella.com") too.
  Result<void> add_kinds(const std::set<std::string>& kinds);
  // The object with the member's label.
  Json labelled(Json object) const;
  // Everything with the member's label, of the kinds that are named and served.
  Result<std::vector<Member>> members(const Kinds& kinds) const;
  // Writes the report and the kinds if they are not there already.
  Result<void> tell(const Report& report);

 private:
  Result<void> write(const std::set<std::string>& kinds, const Json& data);

  const kube::Client& client_;
  const kube::ObjectName parent_;
  const std::string id_;
  std::set<std::string> kinds_;
  Json data_;
  bool there_ = false;
};

// "Kind.group", or "Kind" in the core group.
std::string group_kind(const std::string& group, const std::string& kind);

}  // namespace neoid::manifests
