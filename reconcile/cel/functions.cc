#include "reconcile/cel/functions.h"

#include <deque>
#include <map>
#include <unordered_map>

#include "reconcile/base/check.h"

namespace neoid::cel {
namespace {

// Reads the signatures of the tables. They are ours: what does not read is a bug.
class SignatureReader {
 public:
  SignatureReader(std::string_view text, TypePool& pool) : text_(text), pool_(pool) {}

  void read(Overload& overload) {
    skip();
    if (text_.front() != '(') {
      overload.method = true;
      overload.params.push_back(type(overload));
      expect(".");
    }
    expect("(");
    while (!accept(")")) {
      overload.params.push_back(type(overload));
      accept(",");
    }
    expect("->");
    overload.result = type(overload);
    NEOID_CHECK(text_.empty());
  }

 private:
  void skip() {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
  }
  bool accept(std::string_view token) {
    skip();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    const bool found = accept(token);
    NEOID_CHECK(found);
  }

  const Type* type(Overload& overload) {
    skip();
    std::size_t length = 0;
    while (length < text_.size() && std::string_view("(),. ").find(text_[length]) == std::string_view::npos)
      ++length;
    const std::string_view word = text_.substr(0, length);
    text_.remove_prefix(length);
    static const std::map<std::string_view, TypeKind> kBasic = {
        {"dyn", TypeKind::Dyn},       {"null", TypeKind::Null},         {"bool", TypeKind::Bool},
        {"int", TypeKind::Int},       {"uint", TypeKind::Uint},         {"double", TypeKind::Double},
        {"string", TypeKind::String}, {"bytes", TypeKind::Bytes},       {"timestamp", TypeKind::Timestamp},
        {"type", TypeKind::Type},     {"duration", TypeKind::Duration},
    };
    if (const auto found = kBasic.find(word); found != kBasic.end()) {
      if (found->second != TypeKind::Type || !accept("(")) return basic_type(found->second);
      const Type* named = type(overload);
      expect(")");
      return pool_.type_of(named);
    }
    if (word == "list" || word == "optional") {
      expect("(");
      const Type* element = type(overload);
      expect(")");
      return word == "list" ? pool_.list(element) : pool_.opaque("optional_type", {element});
    }
    if (word == "map") {
      expect("(");
      const Type* key = type(overload);
      expect(",");
      const Type* value = type(overload);
      expect(")");
      return pool_.map(key, value);
    }
    if (word == "url") return pool_.object("kubernetes.URL");
    if (word == "quantity") return pool_.object("kubernetes.Quantity");
    if (word == "format") return pool_.object("kubernetes.NamedFormat");
    if (word == "semver") return pool_.object("kubernetes.Semver");

    if (word == "ip") return pool_.opaque("net.IP", {});
    if (word == "cidr") return pool_.opaque("net.CIDR", {});
    NEOID_CHECK(word == "A" || word == "B");
    overload.generic = true;
    return pool_.param(std::string(word));
  }

  std::string_view text_;
  TypePool& pool_;
};

struct Library {
  TypePool pool;
  std::deque<Overload> overloads;
  std::unordered_map<std::string_view, std::vector<const Overload*>> by_name;

  Library() {
    for (const auto rows : {operator_rows(), conversion_rows(), string_rows(), list_rows(), time_rows(),
                            regex_rows(), url_rows(), optional_rows(), quantity_rows(), address_rows(),
                            set_rows(), semver_rows(), text_format_rows(), named_format_rows()}) {
      for (const FunctionRow& row : rows) add(row);
    }
  }

  void add(const FunctionRow& row) {
    Overload& overload = overloads.emplace_back();
    overload.name = row.name;
    overload.function = row.function;
    overload.cost = row.cost;
    overload.since = row.since;
    overload.until = row.until;
    SignatureReader(row.signature, pool).read(overload);
    by_name[row.name].push_back(&overload);
  }
};

}  // namespace

std::vector<const Overload*> find_overloads(std::string_view name, KubernetesVersion version) {
  static const Library library;
  std::vector<const Overload*> out;
  const auto found = library.by_name.find(name);
  if (found == library.by_name.end()) return out;
  for (const Overload* overload : found->second) {
    if (overload->since <= version && version < overload->until) out.push_back(overload);
  }
  return out;
}

bool accepts(const Type& param, const Value& value) {
  switch (param.kind) {
    case TypeKind::Dyn:
    case TypeKind::Param: return true;
    case TypeKind::Null: return value.is(ValueKind::Null);
    case TypeKind::Bool: return value.is(ValueKind::Bool);
    case TypeKind::Int: return value.is(ValueKind::Int);
    case TypeKind::Uint: return value.is(ValueKind::Uint);
    case TypeKind::Double: return value.is(ValueKind::Double);
    case TypeKind::String: return value.is(ValueKind::String);
    case TypeKind::Bytes: return value.is(ValueKind::Bytes);
    case TypeKind::Timestamp: return value.is(ValueKind::Timestamp);
    case TypeKind::Duration: return value.is(ValueKind::Duration);
    case TypeKind::List: return value.is(ValueKind::List);
    case TypeKind::Map: return value.is(ValueKind::Map);
    case TypeKind::Type: return value.is(ValueKind::Type);
    case TypeKind::Object:
    case TypeKind::Opaque: return type_name(value) == param.name;
    case TypeKind::Unknown:
    case TypeKind::Error: return false;
  }
  return false;
}

}  // namespace neoid::cel
