// One resource: what applying it would change in the store.
//
// The controller's own decision (reconcile/plan) is taken over a view whose Secret is thought to hold the current
// credential; what it asks of the store is done to a copy (controller/store/apply.h); the difference is the change.
// Pure but for what Live has to look up.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/preview/live.h"
#include "controller/cli/validate/judge.h"
#include "reconcile/api/scope.h"
#include "reconcile/api/user.h"

namespace neoid::preview {

struct Declared {
  api::ResourceKey key;
  Json object;  // pruned and completed
  std::string file;
  Position at;
};

enum class Action {
  Nothing,
  Create,
  Update,
  Blocked,  // applying it would stall, and notes say why
};

// Null: not there. kUnknown: only known once it was applied.
struct FieldChange {
  std::string field;
  Json before;
  Json after;
  bool operator==(const FieldChange&) const = default;
};
inline constexpr const char* kUnknown = "(known after apply)";

struct Change {
  Declared declared;
  Action action = Action::Nothing;
  std::string user_id;  // empty: none yet
  std::vector<FieldChange> fields;
  std::vector<std::string> notes;
};

// In the order of the resources, which are all users.
Result<std::vector<Change>> user_changes(Live& live, const Catalogue& catalogue,
                                         const std::map<std::string, Labels>& declared_namespaces,
                                         std::vector<Declared> users);
Change scope_change(const Live& live, const api::ScopeResource& scope, Declared declared);

}  // namespace neoid::preview
