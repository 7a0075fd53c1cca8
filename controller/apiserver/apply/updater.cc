#include "controller/apiserver/apply/updater.h"

#include <utility>

namespace neoid::apply {

const Type* Updater::type_of(const std::string& version) const {
  const auto found = types_.find(version);
  return found == types_.end() ? nullptr : found->second.get();
}

void Updater::reconcile_schema(const Json& live, Managed& managed) const {
  for (auto& [identity, entry] : managed.entries)
    if (const Type* type = type_of(entry.api_version)) entry.fields = reconciled(entry.fields, live, *type);
}

// Who else owned what changed or went. Not forced: the conflicts, and nothing moved.
std::optional<Conflicts> Updater::settle(const Json& live, const Json& updated, const std::string& version,
                                         Managed& managed, const std::string& self, bool force) const {
  std::map<std::string, Comparison> by_version;
  Conflicts conflicts;
  std::map<std::string, const FieldSet*> removed;
  for (auto at = managed.entries.begin(); at != managed.entries.end();) {
    const auto& [identity, entry] = *at;
    if (identity == self) {
      ++at;
      continue;
    }
    const Type* type = type_of(entry.api_version);
    if (type == nullptr) {  // a version that is not served any more
      at = managed.entries.erase(at);
      continue;
    }
    auto known = by_version.find(entry.api_version);
    if (known == by_version.end()) {
      Comparison found = compare(live, updated, *type);
      if (entry.api_version == version) found = found.excluding(ignored_);
      known = by_version.emplace(entry.api_version, std::move(found)).first;
    }
    const Comparison& found = known->second;
    if (FieldSet conflict = entry.fields.intersected(found.modified.united(found.added)); !conflict.empty())
      conflicts[identity] = std::move(conflict);
    if (!found.removed.empty()) removed[identity] = &found.removed;
    ++at;
  }
  if (!force && !conflicts.empty()) return conflicts;
  for (const auto& [identity, fields] : conflicts) {
    ManagedEntry& entry = managed.entries.at(identity);
    entry.fields = entry.fields.without(fields);
  }
  for (const auto& [identity, fields] : removed) {
    ManagedEntry& entry = managed.entries.at(identity);
    entry.fields = entry.fields.without(*fields);
  }
  std::erase_if(managed.entries, [](const auto& item) { return item.second.fields.empty(); });
  return std::nullopt;
}

bool Updater::update(const Json& before, const Json& updated, const std::string& version, Managed& managed,
                     const std::string& self) const {
  const Type* type = type_of(version);
  if (type == nullptr) return false;
  const Json live = before.empty() ? empty_object(*type, updated) : before;
  if (!check_typed(updated, *type).empty() || !check_typed(live, *type).empty()) return false;
  reconcile_schema(live, managed);
  settle(live, updated, version, managed, self, true);
  const Comparison found = compare(live, updated, *type).excluding(ignored_);
  FieldSet own = managed.entries[self].fields;
  own = own.united(found.modified).united(found.added).without(found.removed).without_trees(ignored_);
  managed.entries[self] = {std::move(own), version, false};
  strip_meta(managed, self);
  return true;
}

tl::expected<Updater::Merged, Conflicts> Updater::apply(const Json& live, const Json& config,
                                                        const std::string& version, Managed& managed,
                                                        const std::string& self, bool force) const {
  const Type& type = *type_of(version);
  reconcile_schema(live, managed);
  Json merged = merge(live, config, type);
  std::optional<ManagedEntry> last;
  if (const auto found = managed.entries.find(self); found != managed.entries.end()) last = found->second;
  managed.entries[self] = {fields_of(config, type).without_trees(ignored_), version, true};
  if (last && !last->fields.empty()) merged = prune(merged, managed, self, *last);
  if (std::optional<Conflicts> conflicts = settle(live, merged, version, managed, self, force))
    return tl::unexpected<Conflicts>(std::move(*conflicts));
  const bool changed = !compare(live, merged, type).same();
  strip_meta(managed, self);
  return Merged{std::move(merged), changed};
}

// Without what this manager applied last time, does not apply now, and nobody else owns.
Json Updater::prune(const Json& merged, const Managed& managed, const std::string&,
                    const ManagedEntry& last) const {
  const Type* type = type_of(last.api_version);
  if (type == nullptr) return merged;
  Json pruned = remove_items(merged, with_named_parents(last.fields, type), *type);

  // Back comes what any manager (or the new configuration) owns.
  std::map<std::string, FieldSet> owned;
  for (const auto& [identity, entry] : managed.entries) {
    FieldSet& fields = owned[entry.api_version];
    fields = fields.united(entry.fields);
  }
  const auto add_back = [&](const std::string& version, const FieldSet& fields) {
    const Type* at = type_of(version);
    if (at == nullptr) return;
    const FieldSet all = with_named_parents(fields_of(merged, *at), at);
    const FieldSet kept =
        with_named_parents(fields_of(pruned, *at), at).united(with_named_parents(fields, at));
    pruned = remove_items(merged, all.without(kept), *at);
  };
  if (const auto same = owned.find(last.api_version); same != owned.end()) {
    add_back(same->first, same->second);
    owned.erase(same);
  }
  for (const auto& [version, fields] : owned) add_back(version, fields);

  // And what this manager did not own last time.
  const FieldSet kept = with_named_parents(fields_of(pruned, *type), type);
  const FieldSet all = with_named_parents(fields_of(merged, *type), type);
  return remove_items(merged, all.without(kept).intersected(with_named_parents(last.fields, type)), *type);
}

void strip_meta(Managed& managed, const std::string& self) {
  static const FieldSet kNobodys = FieldSet::of_names({{"apiVersion"},
                                                       {"kind"},
                                                       {"metadata"},
                                                       {"metadata", "name"},
                                                       {"metadata", "namespace"},
                                                       {"metadata", "creationTimestamp"},
                                                       {"metadata", "selfLink"},
                                                       {"metadata", "uid"},
                                                       {"metadata", "clusterName"},
                                                       {"metadata", "generation"},
                                                       {"metadata", "managedFields"},
                                                       {"metadata", "resourceVersion"}});
  const auto found = managed.entries.find(self);
  if (found == managed.entries.end()) return;
  found->second.fields = found->second.fields.without(kNobodys);
  if (found->second.fields.empty()) managed.entries.erase(found);
}

}  // namespace neoid::apply
