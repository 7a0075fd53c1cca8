// Values while a rule runs: trivially copyable, pointing into the JSON that is validated, into the program's constants
// or into the arena of the evaluation. Nothing is converted before a rule asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "reconcile/cel/decl_type.h"
#include "reconcile/value/json.h"

namespace neoid::cel {

// Memory of one evaluation, freed as a whole. Not thread-safe.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t bytes);
  template <class T>
  T* make(T value) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T))) T(std::move(value));
  }
  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(sizeof(T) * count));
  }
  std::string_view copy(std::string_view text);

 private:
  static constexpr std::size_t kFirstBytes = 2048;
  static constexpr std::size_t kBlockBytes = 32768;
  alignas(16) char first_[kFirstBytes];
  char* at_ = first_;
  std::size_t left_ = kFirstBytes;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

enum class ValueKind : std::uint8_t {
  Error,
  Null,
  Bool,
  Int,
  Uint,
  Double,
  String,
  Bytes,
  Duration,
  Timestamp,
  List,
  Map,
  Type,
  Url,
  Optional,
  Quantity,
  Ip,
  Cidr,
  Semver,
  Format,
};

struct ListNode;
struct MapNode;
struct UrlNode;
struct OptionalNode;
struct QuantityNode;
struct IpNode;
struct CidrNode;
struct SemverNode;
struct FormatNode;

struct Value {
  ValueKind kind = ValueKind::Null;
  bool cancelled = false;   // of Error: the evaluation is over, nothing absorbs it
  std::uint32_t extra = 0;  // nanoseconds of a Timestamp; 1 of a List or Map that is JSON
  union {
    bool boolean;
    std::int64_t integer;  // Int; nanoseconds of a Duration; seconds of a Timestamp
    std::uint64_t uinteger;
    double number;
    const char* text;  // String, Bytes, Error, Type (its name)
    const Json* json;
    const ListNode* list;
    const MapNode* map;
    const UrlNode* url;
    const OptionalNode* optional;
    const QuantityNode* quantity;
    const IpNode* ip;
    const CidrNode* cidr;
    const SemverNode* semver;
    const FormatNode* format;
  };
  union {
    std::size_t size;      // of text, in bytes
    std::int64_t offset;   // of a Timestamp: seconds east of Greenwich, for its text only
    const DeclType* decl;  // of JSON
  };

  Value() : integer(0), size(0) {}
  std::string_view str() const { return {text, size}; }
  bool is_json() const { return extra == 1 && (kind == ValueKind::List || kind == ValueKind::Map); }
  bool is_error() const { return kind == ValueKind::Error; }
  bool is(ValueKind which) const { return kind == which; }
};
static_assert(std::is_trivially_copyable_v<Value>);

// A list made by a rule. Where it came of a declared set or map list, it compares and adds as such.
struct ListNode {
  const Value* items = nullptr;
  std::size_t size = 0;
  std::size_t first_part = 0;  // of a concatenation: the length of its left part
  const DeclType* decl = nullptr;
};

struct MapEntry {
  Value key;
  Value value;
};

// A map made by a rule: entries in order of their making, found by hash where there are many.
struct MapNode {
  const MapEntry* entries = nullptr;
  std::size_t size = 0;
  const std::uint32_t* buckets = nullptr;  // index + 1 of an entry, 0: empty; open addressing; null if few
  std::size_t bucket_mask = 0;
};

struct OptionalNode {
  bool has_value = false;
  Value value;
};

// --- Making ---
Value make_null();
Value make_bool(bool value);
Value make_int(std::int64_t value);
Value make_uint(std::uint64_t value);
Value make_double(double value);
Value make_string(std::string_view text);  // borrowed
Value make_bytes(std::string_view bytes);  // borrowed
Value make_duration(std::int64_t nanoseconds);
Value make_timestamp(std::int64_t seconds, std::uint32_t nanoseconds, std::int64_t offset = 0);
Value make_type(std::string_view name);             // borrowed
Value make_static_error(std::string_view message);  // of static storage
Value make_error(Arena& arena, std::string_view message);
Value make_list(Arena& arena, const Value* items, std::size_t size);
Value make_string_copy(Arena& arena, std::string_view text);

// What JSON is for rules, under its declared type. Data that breaks the type is an Error.
Value from_json(const Json& json, const DeclType& type, Arena& arena, bool nullable = false);

// --- Asking ---
std::string_view type_name(const Value& value);  // as type() names it: "string", "google.protobuf.Timestamp"
// size(): code points of a string, bytes, entries; 1 of all else.
std::size_t size_of(const Value& value);
Value list_item(const Value& list, std::size_t index, Arena& arena);
std::size_t list_size(const Value& list);
std::size_t map_size(const Value& map);
// Iteration over a map's keys: key `index` of map_size(). JSON maps in order of their names.
class MapKeys {
 public:
  explicit MapKeys(const Value& map);
  bool next(Value& key);  // false: that was all

 private:
  Value map_;
  std::size_t at_ = 0;
  Json::const_iterator json_;
};
// The value of a key; false if there is none. What cannot be a key is an Error value (and true).
bool find_key(const Value& map, const Value& key, Arena& arena, Value& out);
bool find_key(const Value& map, std::string_view key, Arena& arena, Value& out);

// Equality of any two values: Bool or Error. Numbers of different types compare by value.
Value equal(const Value& a, const Value& b, Arena& arena);
inline bool is_true(const Value& value) { return value.kind == ValueKind::Bool && value.boolean; }
// Less than, equal, greater than as -1, 0, 1; nullopt-like kNotComparable where there is no order.
enum class Order { Less, Equal, Greater, Unordered, NotComparable };
Order compare(const Value& a, const Value& b);

class MapBuilder {
 public:
  MapBuilder(Arena& arena, std::size_t expected);
  // A key that is there already keeps the new value and returns false.
  bool insert(const Value& key, const Value& value);
  Value finish();
  std::size_t size() const { return entries_.size(); }

 private:
  void index();
  std::size_t slot_of(const Value& key) const;
  Arena& arena_;
  std::vector<MapEntry> entries_;
  std::vector<std::uint32_t> buckets_;
};

}  // namespace neoid::cel
