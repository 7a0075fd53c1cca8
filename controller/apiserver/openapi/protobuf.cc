#include "controller/apiserver/openapi/protobuf.h"

#include <chrono>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/apiserver/openapi/builtin.h"
#include "controller/apiserver/openapi/wire.h"
#include "reconcile/base/crypto.h"
#include "reconcile/base/time.h"
#include "reconcile/value/json_text.h"

namespace neoid::openapi {
namespace {

constexpr std::string_view kMagic{"k8s\0", 4};
constexpr int kMaxDepth = 64;

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::Invalid, fmt::format("the body is not the protobuf of a known kind: {}", what));
}

// Members that are pointers in Go: a zero on the wire was said, and stays. Zeros of all others were never set.
bool keeps_zero(const std::string& name) {
  static const std::set<std::string> kPointers = {"replicas",
                                                  "immutable",
                                                  "controller",
                                                  "blockOwnerDeletion",
                                                  "gracePeriodSeconds",
                                                  "optional",
                                                  "orphanDependents",
                                                  "automountServiceAccountToken",
                                                  "leaseDurationSeconds",
                                                  "leaseTransitions",
                                                  "runAsNonRoot",
                                                  "minReadySeconds",
                                                  "readOnlyRootFilesystem",
                                                  "allowPrivilegeEscalation",
                                                  "allowed",
                                                  "incomplete",
                                                  "privileged",
                                                  "runAsUser",
                                                  "terminationGracePeriodSeconds"};
  return kPointers.contains(name);
}

std::string definition_of(const std::string& api_version, const std::string& kind) {
  if (kind == "DeleteOptions") return definition_name("", "v1", kind);
  const std::size_t slash = api_version.find('/');
  if (slash == std::string::npos) return definition_name("", api_version, kind);
  return definition_name(api_version.substr(0, slash), api_version.substr(slash + 1), kind);
}

// --- reading ---

class Decoder {
 public:
  bool failed = false;

  Json message(std::string_view bytes, const std::vector<Field>& fields, int depth) {
    Json out = Json::object();
    if (depth > kMaxDepth) failed = true;
    WireReader reader(bytes);
    for (WireField wire; !failed && reader.next(wire);) {
      for (const Field& field : fields)
        if (field.number == wire.number) add(out, field, wire, depth);
    }
    if (reader.failed()) failed = true;
    return out;
  }

 private:
  void add(Json& out, const Field& field, const WireField& wire, int depth) {
    if (field.is_inline) {
      if (const auto* inner = builtin_fields(field.type)) out.update(message(wire.bytes, *inner, depth + 1));
      return;
    }
    if (field.type.starts_with('[')) {
      out[field.name].push_back(value(field.type.substr(1, field.type.size() - 2), wire, depth));
      return;
    }
    if (field.type.starts_with('{')) {
      entry(out[field.name], field.type.substr(1, field.type.size() - 2), wire.bytes, depth);
      return;
    }
    Json member = value(field.type, wire, depth);
    const bool zero = member.is_null() || member == "" || member == 0 || member == false;
    if (member.is_null() || (zero && !keeps_zero(field.name))) return;
    out[field.name] = std::move(member);
  }

  void entry(Json& map, const std::string& type, std::string_view bytes, int depth) {
    if (!map.is_object()) map = Json::object();
    std::string key;
    WireField held;
    held.type = 2;
    WireReader reader(bytes);
    for (WireField wire; reader.next(wire);) {
      if (wire.number == 1) key = wire.bytes;
      if (wire.number == 2) held = wire;
    }
    if (reader.failed()) failed = true;
    map[key] = value(type, held, depth);
  }

  Json value(const std::string& type, const WireField& wire, int depth) {
    if (type == "string") return std::string(wire.bytes);
    if (type == "bytes") return base64(wire.bytes);
    if (type == "bool") return wire.value != 0;
    if (type == "int32" || type == "int64") return static_cast<std::int64_t>(wire.value);
    if (type == "double") return wire.as_double();
    if (type == "time" || type == "microtime") return time(wire.bytes, type == "microtime");
    if (type == "quantity") return first_text(wire.bytes);
    if (type == "raw" || type == "FieldsV1") {
      Result<Json> read = parse_json(first_text(wire.bytes));
      return read ? std::move(*read) : Json();
    }
    if (type == "intorstring") return int_or_string(wire.bytes);
    if (type == "[string]") {  // a list that is a message of its own
      Json out = Json::array();
      WireReader reader(wire.bytes);
      for (WireField item; reader.next(item);) out.push_back(std::string(item.bytes));
      return out;
    }
    const auto* fields = builtin_fields(type);
    return fields == nullptr ? Json() : message(wire.bytes, *fields, depth + 1);
  }

  static std::string first_text(std::string_view bytes) {
    WireReader reader(bytes);
    for (WireField wire; reader.next(wire);)
      if (wire.number == 1) return std::string(wire.bytes);
    return {};
  }

  static Json int_or_string(std::string_view bytes) {
    bool is_text = false;
    std::int64_t number = 0;
    std::string text;
    WireReader reader(bytes);
    for (WireField wire; reader.next(wire);) {
      if (wire.number == 1) is_text = wire.value == 1;
      if (wire.number == 2) number = static_cast<std::int64_t>(wire.value);
      if (wire.number == 3) text = wire.bytes;
    }
    return is_text ? Json(text) : Json(number);
  }

  // An empty timestamp is Go's zero time: null.
  static Json time(std::string_view bytes, bool micro) {
    std::int64_t seconds = 0, nanos = 0;
    WireReader reader(bytes);
    for (WireField wire; reader.next(wire);) {
      if (wire.number == 1) seconds = static_cast<std::int64_t>(wire.value);
      if (wire.number == 2) nanos = static_cast<std::int64_t>(wire.value);
    }
    constexpr std::int64_t kFirst = -62135596800, kLast = 253402300799;  // the years 1 and 9999
    if (bytes.empty() || seconds <= kFirst || seconds > kLast) return nullptr;
    const Instant instant{std::chrono::seconds(seconds) + std::chrono::microseconds(nanos / 1000)};
    return micro ? format_micro_time(instant) : format_time(instant);
  }
};

// --- writing ---

void put(WireWriter& out, int number, const std::string& type, const Json& value);

WireWriter encoded(const Json& object, const std::vector<Field>& fields) {
  WireWriter out;
  for (const Field& field : fields) {
    if (field.is_inline) {
      if (const auto* inner = builtin_fields(field.type)) out.message(field.number, encoded(object, *inner));
      continue;
    }
    const auto found = object.find(field.name);
    if (found == object.end() || found->is_null()) continue;
    if (field.type.starts_with('[')) {
      if (found->is_array())
        for (const Json& item : *found)
          put(out, field.number, field.type.substr(1, field.type.size() - 2), item);
    } else if (field.type.starts_with('{')) {
      if (found->is_object())
        for (const auto& [key, item] : found->items()) {
          WireWriter entry;
          entry.text(1, key);
          put(entry, 2, field.type.substr(1, field.type.size() - 2), item);
          out.message(field.number, entry);
        }
    } else {
      put(out, field.number, field.type, *found);
    }
  }
  return out;
}

void put_time(WireWriter& out, int number, const Json& value) {
  const auto instant = value.is_string() ? parse_time(value.get_ref<const std::string&>()) : std::nullopt;
  if (!instant) return;
  const auto micros = instant->time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(micros);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(micros - seconds);
  WireWriter time;
  time.varint(1, static_cast<std::uint64_t>(seconds.count()));
  time.varint(2, static_cast<std::uint64_t>(nanos.count()));
  out.message(number, time);
}

void put(WireWriter& out, int number, const std::string& type, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : std::string();
  WireWriter inner;
  if (type == "string") {
    out.text(number, text);
  } else if (type == "bytes") {
    out.text(number, unbase64(text).value_or(""));
  } else if (type == "bool") {
    out.varint(number, value == true ? 1 : 0);
  } else if (type == "int32" || type == "int64") {
    if (value.is_number()) out.varint(number, static_cast<std::uint64_t>(value.get<std::int64_t>()));
  } else if (type == "double") {
    if (value.is_number()) out.number(number, value.get<double>());
  } else if (type == "time" || type == "microtime") {
    put_time(out, number, value);
  } else if (type == "quantity" || type == "raw" || type == "FieldsV1") {
    inner.text(1, type == "quantity" ? text : to_json(value));
    out.message(number, inner);
  } else if (type == "intorstring") {
    inner.varint(1, value.is_string() ? 1 : 0);
    inner.varint(2, value.is_number() ? static_cast<std::uint64_t>(value.get<std::int64_t>()) : 0);
    inner.text(3, text);
    out.message(number, inner);
  } else if (type == "[string]") {
    for (const Json& item : value) put(inner, 1, "string", item);
    out.message(number, inner);
  } else if (const auto* fields = builtin_fields(type); fields != nullptr && value.is_object()) {
    out.message(number, encoded(value, *fields));
  }
}

}  // namespace

Result<Json> decode_protobuf(std::string_view body, std::string_view default_api_version,
                             std::string_view default_kind) {
  if (!body.starts_with(kMagic)) return malformed("it does not begin with its four bytes");
  std::string api_version, kind;
  std::string_view raw;
  WireReader reader(body.substr(kMagic.size()));
  for (WireField wire; reader.next(wire);) {
    if (wire.number == 2) raw = wire.bytes;
    if (wire.number != 1) continue;
    WireReader type_meta(wire.bytes);
    for (WireField member; type_meta.next(member);) (member.number == 1 ? api_version : kind) = member.bytes;
    if (type_meta.failed()) return malformed("its envelope is broken");
  }
  if (reader.failed()) return malformed("its envelope is broken");
  if (api_version.empty()) api_version = default_api_version;
  if (kind.empty()) kind = default_kind;
  const std::string definition = definition_of(api_version, kind);
  const auto* fields = builtin_fields(definition);
  if (definition.empty() || fields == nullptr)
    return malformed(fmt::format("{}, kind {}", api_version, kind));
  Decoder decoder;
  Json object = decoder.message(raw, *fields, 0);
  if (decoder.failed) return malformed("its fields are broken");
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  return object;
}

bool has_protobuf(std::string_view api_version, std::string_view kind) {
  return !definition_of(std::string(api_version), std::string(kind)).empty() &&
         !api_version.starts_with("apiextensions.k8s.io/");
}

Result<std::string> encode_protobuf(const Json& object) {
  const auto text_of = [&](const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>()
                                                                             : std::string();
  };
  const std::string api_version = text_of("apiVersion");
  const std::string kind = text_of("kind");
  const auto* fields =
      has_protobuf(api_version, kind) ? builtin_fields(definition_of(api_version, kind)) : nullptr;
  if (fields == nullptr) return malformed(fmt::format("{}, kind {}", api_version, kind));
  WireWriter type_meta;
  type_meta.text(1, api_version);
  type_meta.text(2, kind);
  WireWriter unknown;
  unknown.message(1, type_meta);
  unknown.message(2, encoded(object, *fields));
  unknown.text(3, "");
  unknown.text(4, "");
  return std::string(kMagic) + unknown.take();
}

}  // namespace neoid::openapi
