// The engine below managed fields and apply: values walked by their type.
//
// All functions are total: a value that does not fit its type is treated by what it is. check_typed() of
// type_info.h tells whether it fits. Pure. Source: sigs.k8s.io/structured-merge-diff/v4/typed.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "controller/apiserver/apply/field_set.h"
#include "controller/apiserver/apply/type_info.h"
#include "reconcile/value/json.h"

namespace neoid::apply {

struct Comparison {
  FieldSet added, modified, removed;
  bool same() const { return added.empty() && modified.empty() && removed.empty(); }
  // Without these fields and all below them.
  Comparison excluding(const FieldSet& ignored) const;
};

// The type cut down to what the value is: an untyped value's list, map or scalar.
Type deduce(const Type& type, const Json* value);
// The element of an item in a granular list; the error in words.
tl::expected<std::string, std::string> item_element(const ListType& list, const Json& item);

// The fields that a configuration names.
FieldSet fields_of(const Json& value, const Type& type);
Comparison compare(const Json& before, const Json& after, const Type& type);
// `config` over `live`: its scalars and atomic parts win, granular parts are united in its order.
Json merge(const Json& live, const Json& config, const Type& type);
// Without the paths of the set; what loses all its members becomes null.
Json remove_items(const Json& value, const FieldSet& set, const Type& type);
// With the declared members on the way to each path.
FieldSet with_named_parents(const FieldSet& set, const Type* type);
// The set after a change of the schema: what was granular once and is atomic now is owned whole.
FieldSet reconciled(const FieldSet& set, const Json& live, const Type& type);

}  // namespace neoid::apply
