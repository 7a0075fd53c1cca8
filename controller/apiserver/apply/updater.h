// Updater: the arithmetic of owners that updates and apply share, over entries by manager identity.
// Pure. Source: sigs.k8s.io/structured-merge-diff/v4/merge.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/apiserver/apply/managed_fields.h"
#include "controller/apiserver/apply/typed.h"

namespace neoid::apply {

// What an apply would take from others: identity -> fields. Not empty.
using Conflicts = std::map<std::string, FieldSet>;

class Updater {
 public:
  Updater(const VersionedTypes& types, const FieldSet& ignored) : types_(types), ignored_(ignored) {}

  // Moves what changed between live and updated to `self`. false: the objects do not fit the type, nothing was done.
  bool update(const Json& live, const Json& updated, const std::string& version, Managed& managed,
              const std::string& self) const;

  struct Merged {
    Json object;  // valid where changed
    bool changed = false;
  };
  // The configuration merged over live, entries moved. Both fit the type (the caller has checked).
  tl::expected<Merged, Conflicts> apply(const Json& live, const Json& config, const std::string& version,
                                        Managed& managed, const std::string& self, bool force) const;

 private:
  const Type* type_of(const std::string& version) const;
  std::optional<Conflicts> settle(const Json& live, const Json& updated, const std::string& version,
                                  Managed& managed, const std::string& self, bool force) const;
  Json prune(const Json& merged, const Managed& managed, const std::string& self,
             const ManagedEntry& last) const;
  void reconcile_schema(const Json& live, Managed& managed) const;

  const VersionedTypes& types_;
  const FieldSet& ignored_;
};

// Fields that every write touches and nobody owns: taken out of an entry, and the entry where nothing is left.
void strip_meta(Managed& managed, const std::string& self);

}  // namespace neoid::apply
