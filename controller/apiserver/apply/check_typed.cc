// check_typed(): a value against its type, in the words that clients of apply know.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/apiserver/apply/go_text.h"
#include "controller/apiserver/apply/typed.h"
#include "reconcile/value/field_error.h"

namespace neoid::apply {
namespace {

class Checker {
 public:
  std::vector<std::string> errors;

  void check(const Json& value, const Type& full, const std::string& path) {
    const Type type = deduce(full, &value);
    if (value.is_null()) return;
    if (type.map)
      map(value, *type.map, path);
    else if (type.scalar)
      scalar(value, *type.scalar, path);
    else if (type.list)
      list(value, *type.list, path);
  }

 private:
  void add(const std::string& path, std::string message) {
    errors.push_back(path.empty() ? std::move(message) : path + ": " + message);
  }

  void scalar(const Json& value, Scalar wanted, const std::string& path) {
    switch (wanted) {
      case Scalar::Numeric:
        if (!value.is_number()) add(path, "expected numeric (int or float), got " + go_type(value));
        return;
      case Scalar::String:
        if (!value.is_string())
          add(path, "expected string, got &value.valueUnstructured{Value:" + go_syntax(value) + "}");
        return;
      case Scalar::Boolean:
        if (!value.is_boolean()) add(path, "expected boolean, got &{" + go_print(value) + "}");
        return;
      case Scalar::Untyped:
        if (value.is_structured()) add(path, "expected any scalar, got &{" + go_print(value) + "}");
        return;
    }
  }

  void map(const Json& value, const MapType& type, const std::string& path) {
    if (!value.is_object()) return add(path, "expected map, got &{" + go_print(value) + "}");
    for (const auto& [name, member] : value.items()) {
      const TypeRef& below = type.member(name);
      if (!below) return add(path + "." + name, "field not declared in schema");
      check(member, *below, path + "." + name);
    }
  }

  void list(const Json& value, const ListType& type, const std::string& path) {
    if (!value.is_array()) return add(path, "expected list, got &{" + go_print(value) + "}");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::string element = index_element(i);
      if (type.relation == Relation::Granular) {
        const auto named = item_element(type, value[i]);
        if (!named) return add(path, fmt::format("element {}: {}", i, named.error()));
        element = *named;
        if (!seen.insert(element).second) add(path, "duplicate entries for key " + print_element(element));
      }
      if (type.element) check(value[i], *type.element, path + print_element(element));
    }
  }
};

}  // namespace

std::string check_typed(const Json& object, const Type& type) {
  Checker checker;
  checker.check(object, type, "");
  if (checker.errors.empty()) return {};
  if (checker.errors.size() == 1) return checker.errors.front();
  std::string out = "errors:";
  for (const std::string& error : checker.errors) out += "\n  " + error;
  return out;
}

}  // namespace neoid::apply
