// FieldSet: a set of paths into an object, and its text in metadata.managedFields (fieldsV1).
//
// A path is a row of elements, each kept in its fieldsV1 spelling: `f:name` a member, `k:{"name":"a"}` the
// item of a keyed list (keys sorted), `v:"x"` an item of a set, `i:3` an index. A set holds a path without
// holding its parents: `{"f:spec":{"f:size":{}}}` holds .spec.size alone, `"."` stands for the node itself.
// Values; thread-safe to share as const. Source: sigs.k8s.io/structured-merge-diff/v4/fieldpath.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid::apply {

using Path = std::vector<std::string>;  // elements in fieldsV1 spelling

std::string field_element(std::string_view name);  // "f:name"
std::string key_element(const Json& keys);         // {"name":"a"} -> k:{"name":"a"}
std::string value_element(const Json& scalar);     // "x" -> v:"x"
std::string index_element(std::size_t index);      // 3 -> i:3
// As messages print it: `.name`, `[name="a",protocol="TCP"]`, `[="x"]`, `[3]`.
std::string print_element(std::string_view element);
std::string print_path(const Path& path);  // ".spec.ports[name=\"a\"].port"

class FieldSet {
 public:
  FieldSet() = default;
  // Paths of member names: {{"status"}, {"metadata", "name"}}.
  static FieldSet of_names(std::initializer_list<std::vector<std::string_view>> paths);
  // nullopt: not a fieldsV1 document.
  static std::optional<FieldSet> decode(const Json& fields_v1);
  Json encode() const;

  bool empty() const;
  bool has(std::string_view element) const { return members_.contains(element); }
  const FieldSet* child(std::string_view element) const;  // null where nothing lies below
  void insert(const Path& path);

  FieldSet united(const FieldSet& other) const;
  FieldSet intersected(const FieldSet& other) const;
  FieldSet without(const FieldSet& other) const;  // the paths of other taken away, those below them kept
  FieldSet without_trees(const FieldSet& other) const;             // and all that lies below them
  void each(const std::function<void(const Path&)>& visit) const;  // members first, then children

  const std::set<std::string, std::less<>>& members() const { return members_; }
  const std::map<std::string, FieldSet, std::less<>>& children() const { return children_; }
  FieldSet& below(const std::string& element) { return children_[element]; }
  void insert_member(std::string element) { members_.insert(std::move(element)); }
  bool operator==(const FieldSet&) const = default;

 private:
  void each_below(Path& prefix, const std::function<void(const Path&)>& visit) const;

  std::set<std::string, std::less<>> members_;
  std::map<std::string, FieldSet, std::less<>> children_;  // never empty sets
};

}  // namespace neoid::apply
