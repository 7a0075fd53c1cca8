// Equality and order of values.
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>

#include "reconcile/cel/address.h"
#include "reconcile/cel/quantity.h"
#include "reconcile/cel/semver.h"
#include "reconcile/cel/url.h"
#include "reconcile/cel/value.h"

namespace neoid::cel {
namespace {

template <class T>
Order order_of(const T& a, const T& b) {
  if (a < b) return Order::Less;
  return b < a ? Order::Greater : Order::Equal;
}

Order order_of_double(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order::Unordered;
  return order_of(a, b);
}

Order reverse(Order order) {
  if (order == Order::Less) return Order::Greater;
  return order == Order::Greater ? Order::Less : order;
}

Order order_int_uint(std::int64_t a, std::uint64_t b) {
  return a < 0 ? Order::Less : order_of(static_cast<std::uint64_t>(a), b);
}

Order order_double_int(double a, std::int64_t b) {
  if (std::isnan(a)) return Order::Unordered;
  if (a < -9223372036854775808.0) return Order::Less;
  if (a >= 9223372036854775808.0) return Order::Greater;
  return order_of_double(a, static_cast<double>(b));
}

Order order_double_uint(double a, std::uint64_t b) {
  if (std::isnan(a)) return Order::Unordered;
  if (a < 0) return Order::Less;
  if (a >= 18446744073709551616.0) return Order::Greater;
  return order_of_double(a, static_cast<double>(b));
}

Order compare_numbers(const Value& a, const Value& b) {
  switch (a.kind) {
    case ValueKind::Int:
      if (b.is(ValueKind::Int)) return order_of(a.integer, b.integer);
      if (b.is(ValueKind::Uint)) return order_int_uint(a.integer, b.uinteger);
      if (b.is(ValueKind::Double)) return reverse(order_double_int(b.number, a.integer));
      break;
    case ValueKind::Uint:
      if (b.is(ValueKind::Int)) return reverse(order_int_uint(b.integer, a.uinteger));
      if (b.is(ValueKind::Uint)) return order_of(a.uinteger, b.uinteger);
      if (b.is(ValueKind::Double)) return reverse(order_double_uint(b.number, a.uinteger));
      break;
    case ValueKind::Double:
      if (b.is(ValueKind::Int)) return order_double_int(a.number, b.integer);
      if (b.is(ValueKind::Uint)) return order_double_uint(a.number, b.uinteger);
      if (b.is(ValueKind::Double)) return order_of_double(a.number, b.number);
      break;
    default: break;
  }
  return Order::NotComparable;
}

const DeclType* declared(const Value& list) { return list.is_json() ? list.decl : list.list->decl; }

Value equal_sets(const Value& a, const Value& b, std::size_t size, Arena& arena) {
  for (std::size_t i = 0; i < size; ++i) {
    const Value wanted = list_item(b, i, arena);
    bool found = false;
    for (std::size_t k = 0; k < size && !found; ++k) {
      const Value item = list_item(a, k, arena);
      found = item.kind == wanted.kind && is_true(equal(item, wanted, arena));
    }
    if (!found) return make_bool(false);
  }
  return make_bool(true);
}

std::string map_key(const Value& element, const DeclType& type) {
  std::string out;
  for (const std::string& key : type.list_keys) {
    const auto found = element.is_json() ? element.json->find(key) : Json::const_iterator{};
    if (element.is_json() && found != element.json->end()) {
      out += found->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    out += '\n';
  }
  return out;
}

Value equal_map_lists(const Value& a, const Value& b, std::size_t size, const DeclType& type, Arena& arena) {
  std::unordered_map<std::string, Value> by_key;
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_item(a, i, arena);
    by_key[map_key(item, type)] = item;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const Value other = list_item(b, i, arena);
    const auto found = by_key.find(map_key(other, type));
    if (found == by_key.end()) return make_bool(false);
    const Value same = equal(found->second, other, arena);
    if (!is_true(same)) return same;
  }
  return make_bool(true);
}

Value equal_lists(const Value& a, const Value& b, Arena& arena) {
  const std::size_t size = list_size(a);
  if (size != list_size(b)) return make_bool(false);
  const DeclType* type = declared(a);
  if (type != nullptr && type->list_kind == ListKind::Set) return equal_sets(a, b, size, arena);
  if (type != nullptr && type->list_kind == ListKind::Map) return equal_map_lists(a, b, size, *type, arena);
  Value error;
  for (std::size_t i = 0; i < size; ++i) {
    const Value same = equal(list_item(a, i, arena), list_item(b, i, arena), arena);
    if (is_true(same)) continue;
    if (!same.is_error() || type != nullptr) return same;
    if (!error.is_error()) error = same;
  }
  return error.is_error() ? error : make_bool(true);
}

// Objects: fields of a type by value, all others as the JSON that they are.
Value equal_objects(const Value& a, const Value& b, Arena& arena) {
  const DeclType& type = *a.decl;
  for (auto at = a.json->cbegin(); at != a.json->cend(); ++at) {
    const DeclField* field = nullptr;
    for (const DeclField& candidate : type.fields) {
      if (candidate.name == at.key()) field = &candidate;
    }
    if (field == nullptr) {
      const auto other = b.is_json() ? b.json->find(at.key()) : Json::const_iterator{};
      if (!b.is_json()) return make_static_error("no such overload");
      if (other != b.json->cend() && *other != *at) return make_bool(false);
      continue;
    }
    Value other;
    if (!find_key(b, field->cel_name, arena, other)) return make_bool(false);
    const Value same = equal(from_json(*at, *field->type, arena, field->nullable), other, arena);
    if (!is_true(same)) return same;
  }
  return make_bool(true);
}

Value equal_maps(const Value& a, const Value& b, Arena& arena) {
  if (map_size(a) != map_size(b)) return make_bool(false);
  if (a.is_json() && a.decl->kind == DeclKind::Object) return equal_objects(a, b, arena);
  MapKeys keys(a);
  Value key;
  while (keys.next(key)) {
    Value mine;
    Value other;
    find_key(a, key, arena, mine);
    if (!find_key(b, key, arena, other)) return make_bool(false);
    const Value same = equal(mine, other, arena);
    if (!is_true(same)) return same;
  }
  return make_bool(true);
}

}  // namespace

Value equal(const Value& a, const Value& b, Arena& arena) {
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  if (a.kind != b.kind) {
    const Order order = compare_numbers(a, b);
    if (order != Order::NotComparable) return make_bool(order == Order::Equal);
    const bool declared_collection = a.is_json() && !b.is(ValueKind::Null);
    return declared_collection ? make_static_error("no such overload") : make_bool(false);
  }
  switch (a.kind) {
    case ValueKind::Error:
    case ValueKind::Null: return make_bool(true);
    case ValueKind::Bool: return make_bool(a.boolean == b.boolean);
    case ValueKind::Int:
    case ValueKind::Duration: return make_bool(a.integer == b.integer);
    case ValueKind::Uint: return make_bool(a.uinteger == b.uinteger);
    case ValueKind::Double: return make_bool(a.number == b.number);
    case ValueKind::String:
    case ValueKind::Bytes:
    case ValueKind::Type: return make_bool(a.str() == b.str());
    case ValueKind::Timestamp: return make_bool(a.integer == b.integer && a.extra == b.extra);
    case ValueKind::List: return equal_lists(a, b, arena);
    case ValueKind::Map: return equal_maps(a, b, arena);
    case ValueKind::Url: return make_bool(*a.url == *b.url);
    case ValueKind::Optional:
      if (a.optional->has_value != b.optional->has_value) return make_bool(false);
      return a.optional->has_value ? equal(a.optional->value, b.optional->value, arena) : make_bool(true);
    case ValueKind::Quantity: return make_bool(a.quantity->nano == b.quantity->nano);
    case ValueKind::Ip: return make_bool(same_address(*a.ip, *b.ip));
    case ValueKind::Cidr: return make_bool(same_range(*a.cidr, *b.cidr));
    case ValueKind::Semver: return make_bool(compare_versions(*a.semver, *b.semver) == 0);
    case ValueKind::Format: return make_bool(a.format == b.format);
  }
  return make_bool(false);
}

Order compare(const Value& a, const Value& b) {
  if (a.kind != b.kind) return compare_numbers(a, b);
  switch (a.kind) {
    case ValueKind::Bool: return order_of(a.boolean, b.boolean);
    case ValueKind::String:
    case ValueKind::Bytes: return order_of(a.str(), b.str());
    case ValueKind::Duration: return order_of(a.integer, b.integer);
    case ValueKind::Timestamp:
      return a.integer != b.integer ? order_of(a.integer, b.integer) : order_of(a.extra, b.extra);
    default: return compare_numbers(a, b);
  }
}

}  // namespace neoid::cel
