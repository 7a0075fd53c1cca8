#include "reconcile/cel/value.h"

#include <algorithm>
#include <cmath>

#include "reconcile/cel/address.h"
#include "reconcile/cel/quantity.h"
#include "reconcile/cel/semver.h"
#include "reconcile/cel/text.h"
#include "reconcile/cel/url.h"

namespace neoid::cel {
namespace {

constexpr std::size_t kFewEntries = 8;

// Numbers that are equal hash alike, whatever their type.
std::size_t hash_key(const Value& key) {
  switch (key.kind) {
    case ValueKind::String: return std::hash<std::string_view>()(key.str());
    case ValueKind::Bool: return key.boolean ? 1 : 2;
    case ValueKind::Int: return std::hash<double>()(static_cast<double>(key.integer));
    case ValueKind::Uint: return std::hash<double>()(static_cast<double>(key.uinteger));
    case ValueKind::Double: return std::hash<double>()(key.number);
    default: return 0;
  }
}

bool is_number(const Value& value) {
  return value.kind == ValueKind::Int || value.kind == ValueKind::Uint || value.kind == ValueKind::Double;
}

bool keys_equal(const Value& a, const Value& b) {
  if (a.kind != b.kind) return is_number(a) && is_number(b) && compare(a, b) == Order::Equal;
  switch (a.kind) {
    case ValueKind::String: return a.str() == b.str();
    case ValueKind::Bool: return a.boolean == b.boolean;
    default: return compare(a, b) == Order::Equal;
  }
}

std::size_t bucket_count(std::size_t entries) {
  std::size_t count = 16;
  while (count < entries * 2) count *= 2;
  return count;
}

}  // namespace

void* Arena::allocate(std::size_t bytes) {
  bytes = (bytes + 15) & ~static_cast<std::size_t>(15);
  if (bytes > left_) {
    const std::size_t block = std::max(kBlockBytes, bytes);
    blocks_.push_back(std::make_unique<char[]>(block));
    at_ = blocks_.back().get();
    left_ = block;
  }
  void* out = at_;
  at_ += bytes;
  left_ -= bytes;
  return out;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* out = static_cast<char*>(allocate(text.size()));
  std::memcpy(out, text.data(), text.size());
  return {out, text.size()};
}

Value make_null() { return {}; }
Value make_bool(bool value) {
  Value out;
  out.kind = ValueKind::Bool;
  out.boolean = value;
  return out;
}
Value make_int(std::int64_t value) {
  Value out;
  out.kind = ValueKind::Int;
  out.integer = value;
  return out;
}
Value make_uint(std::uint64_t value) {
  Value out;
  out.kind = ValueKind::Uint;
  out.uinteger = value;
  return out;
}
Value make_double(double value) {
  Value out;
  out.kind = ValueKind::Double;
  out.number = value;
  return out;
}
namespace {
Value make_text(ValueKind kind, std::string_view text) {
  Value out;
  out.kind = kind;
  out.text = text.data();
  out.size = text.size();
  return out;
}
}  // namespace
Value make_string(std::string_view text) { return make_text(ValueKind::String, text); }
Value make_bytes(std::string_view bytes) { return make_text(ValueKind::Bytes, bytes); }
Value make_type(std::string_view name) { return make_text(ValueKind::Type, name); }
Value make_static_error(std::string_view message) { return make_text(ValueKind::Error, message); }
Value make_error(Arena& arena, std::string_view message) {
  return make_text(ValueKind::Error, arena.copy(message));
}
Value make_string_copy(Arena& arena, std::string_view text) { return make_string(arena.copy(text)); }
Value make_duration(std::int64_t nanoseconds) {
  Value out;
  out.kind = ValueKind::Duration;
  out.integer = nanoseconds;
  return out;
}
Value make_timestamp(std::int64_t seconds, std::uint32_t nanoseconds, std::int64_t offset) {
  Value out;
  out.kind = ValueKind::Timestamp;
  out.integer = seconds;
  out.extra = nanoseconds;
  out.offset = offset;
  return out;
}
Value make_list(Arena& arena, const Value* items, std::size_t size) {
  Value out;
  out.kind = ValueKind::List;
  out.list = arena.make(ListNode{items, size, 0, nullptr});
  return out;
}

std::string_view type_name(const Value& value) {
  switch (value.kind) {
    case ValueKind::Error: return "error";
    case ValueKind::Null: return "null_type";
    case ValueKind::Bool: return "bool";
    case ValueKind::Int: return "int";
    case ValueKind::Uint: return "uint";
    case ValueKind::Double: return "double";
    case ValueKind::String: return "string";
    case ValueKind::Bytes: return "bytes";
    case ValueKind::Duration: return "google.protobuf.Duration";
    case ValueKind::Timestamp: return "google.protobuf.Timestamp";
    case ValueKind::List: return "list";
    case ValueKind::Map: return "map";
    case ValueKind::Type: return "type";
    case ValueKind::Url: return "kubernetes.URL";
    case ValueKind::Optional: return "optional_type";
    case ValueKind::Quantity: return "kubernetes.Quantity";
    case ValueKind::Ip: return "net.IP";
    case ValueKind::Cidr: return "net.CIDR";
    case ValueKind::Semver: return "kubernetes.Semver";
    case ValueKind::Format: return "kubernetes.NamedFormat";
  }
  return "";
}

std::size_t size_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::String: return count_runes(value.str());
    case ValueKind::Bytes: return value.size;
    case ValueKind::List: return list_size(value);
    case ValueKind::Map: return map_size(value);
    case ValueKind::Ip: return value.ip->v4 ? 4 : 16;
    case ValueKind::Cidr: return value.cidr->address.v4 ? 4 : 16;
    default: return 1;
  }
}

std::size_t list_size(const Value& list) { return list.is_json() ? list.json->size() : list.list->size; }

Value list_item(const Value& list, std::size_t index, Arena& arena) {
  if (!list.is_json()) return list.list->items[index];
  return from_json((*list.json)[index], *list.decl->element, arena, list.decl->element_nullable);
}

std::size_t map_size(const Value& map) { return map.is_json() ? map.json->size() : map.map->size; }

MapKeys::MapKeys(const Value& map) : map_(map) {
  if (map.is_json()) json_ = map.json->cbegin();
}

bool MapKeys::next(Value& key) {
  if (map_.is_json()) {
    for (; json_ != map_.json->cend(); ++json_) {
      if (map_.decl->kind == DeclKind::Map) {
        key = make_string(json_.key());
      } else {
        // Only what has a type is seen.
        const auto& fields = map_.decl->fields;
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [&](const DeclField& f) { return f.name == json_.key(); });
        if (field == fields.end()) continue;
        key = make_string(field->cel_name);
      }
      ++json_;
      return true;
    }
    return false;
  }
  if (at_ >= map_.map->size) return false;
  key = map_.map->entries[at_++].key;
  return true;
}

bool find_key(const Value& map, std::string_view key, Arena& arena, Value& out) {
  if (!map.is_json()) return find_key(map, make_string(key), arena, out);
  const DeclType* type = nullptr;
  bool nullable = false;
  if (map.decl->kind == DeclKind::Map) {
    type = map.decl->element.get();
    nullable = map.decl->element_nullable;
  } else {
    const DeclField* field = map.decl->find_field(key);
    if (field == nullptr) return false;
    type = field->type.get();
    key = field->name;
  }
  const auto found = map.json->find(key);
  if (found == map.json->end()) return false;
  if (map.decl->kind == DeclKind::Object && found->is_null()) return false;
  out = from_json(*found, *type, arena, nullable);
  return true;
}

bool find_key(const Value& map, const Value& key, Arena& arena, Value& out) {
  if (key.is_error()) {
    out = key;
    return true;
  }
  if (map.is_json()) {
    if (key.kind == ValueKind::String) return find_key(map, key.str(), arena, out);
    out = make_static_error("no such overload");
    return true;
  }
  const MapNode& node = *map.map;
  if (node.buckets == nullptr) {
    for (std::size_t i = 0; i < node.size; ++i) {
      if (!keys_equal(node.entries[i].key, key)) continue;
      out = node.entries[i].value;
      return true;
    }
    return false;
  }
  for (std::size_t at = hash_key(key) & node.bucket_mask; node.buckets[at] != 0;
       at = (at + 1) & node.bucket_mask) {
    const MapEntry& entry = node.entries[node.buckets[at] - 1];
    if (!keys_equal(entry.key, key)) continue;
    out = entry.value;
    return true;
  }
  return false;
}

MapBuilder::MapBuilder(Arena& arena, std::size_t expected) : arena_(arena) { entries_.reserve(expected); }

std::size_t MapBuilder::slot_of(const Value& key) const {
  const std::size_t mask = buckets_.size() - 1;
  std::size_t at = hash_key(key) & mask;
  while (buckets_[at] != 0 && !keys_equal(entries_[buckets_[at] - 1].key, key)) at = (at + 1) & mask;
  return at;
}

void MapBuilder::index() {
  buckets_.assign(bucket_count(entries_.size() + 1), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    buckets_[slot_of(entries_[i].key)] = static_cast<std::uint32_t>(i + 1);
  }
}

bool MapBuilder::insert(const Value& key, const Value& value) {
  if (buckets_.empty()) {
    for (MapEntry& entry : entries_) {
      if (!keys_equal(entry.key, key)) continue;
      entry.value = value;
      return false;
    }
    entries_.push_back({key, value});
    if (entries_.size() > kFewEntries) index();
    return true;
  }
  const std::size_t slot = slot_of(key);
  if (buckets_[slot] != 0) {
    entries_[buckets_[slot] - 1].value = value;
    return false;
  }
  entries_.push_back({key, value});
  buckets_[slot] = static_cast<std::uint32_t>(entries_.size());
  if (entries_.size() * 2 > buckets_.size()) index();
  return true;
}

Value MapBuilder::finish() {
  MapEntry* entries = arena_.array<MapEntry>(entries_.size());
  std::copy(entries_.begin(), entries_.end(), entries);
  MapNode node{entries, entries_.size(), nullptr, 0};
  if (!buckets_.empty()) {
    auto* buckets = arena_.array<std::uint32_t>(buckets_.size());
    std::copy(buckets_.begin(), buckets_.end(), buckets);
    node.buckets = buckets;
    node.bucket_mask = buckets_.size() - 1;
  }
  Value out;
  out.kind = ValueKind::Map;
  out.map = arena_.make(node);
  return out;
}

}  // namespace neoid::cel
