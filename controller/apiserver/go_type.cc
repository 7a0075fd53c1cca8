#include "controller/apiserver/go_type.h"

#include <cctype>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "reconcile/base/crypto.h"
#include "reconcile/base/time.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

std::string_view json_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "object";
    case Json::value_t::array: return "array";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    default: return "number";
  }
}

class Decoder {
 public:
  explicit Decoder(const GoStruct& root) : owner_(root.name) {}

  Result<Json> record(const GoStruct& type, const Json& body, const std::string& go_path,
                      const std::string& path) {
    Json result = Json::object();
    const std::string outer = owner_;
    owner_ = type.name;
    for (const auto& [key, member] : body.items()) {
      const GoField* field = type.find(key);
      const std::string deeper = path.empty() ? key : path + "." + key;
      if (field == nullptr) {
        unknown_.push_back(deeper);
        continue;
      }
      NEOID_TRY(Json decoded,
                value(field->value, member, go_path.empty() ? key : go_path + "." + key, deeper));
      if (!is_omitted(*field, decoded)) result[key] = std::move(decoded);
    }
    for (const GoField& field : type.fields) {
      if (!result.contains(field.name) && is_printed_empty(field)) result[field.name] = empty(field.value);
    }
    owner_ = outer;
    return result;
  }

  std::vector<std::string> unknown_;

 private:
  tl::unexpected<Error> mismatch(const GoValue& type, const Json& member, const std::string& go_path) {
    if (go_path.empty())
      return fail(ErrorKind::Invalid, fmt::format("json: cannot unmarshal {} into Go value of type {}",
                                                  json_type(member), type.type_name));
    return fail(ErrorKind::Invalid,
                fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                            json_type(member), owner_, go_path, type.type_name));
  }

  Result<Json> value(const GoValue& type, const Json& member, const std::string& go_path,
                     const std::string& path) {
    if (type.kind == GoKind::Any) return member;
    if (member.is_null()) return Json();
    switch (type.kind) {
      case GoKind::Struct:
        if (!member.is_object()) return mismatch(type, member, go_path);
        return record(*type.record, member, go_path, path);
      case GoKind::List: return list(type, member, go_path, path);
      case GoKind::Map: return map(type, member, go_path, path);
      case GoKind::Bool:
        if (!member.is_boolean()) return mismatch(type, member, go_path);
        return member;
      case GoKind::Int: return number(type, member, go_path);
      case GoKind::Bytes: return bytes(type, member, go_path);
      case GoKind::Time:
      case GoKind::MicroTime: return time(type, member, go_path);
      case GoKind::IntOrString:
        if (!member.is_string() && !member.is_number_integer()) return mismatch(type, member, go_path);
        return member;
      case GoKind::Quantity:
        if (member.is_number()) return Json(to_json(member));
        [[fallthrough]];
      case GoKind::String:
        if (!member.is_string()) return mismatch(type, member, go_path);
        return member;
      case GoKind::Any: break;
    }
    return member;
  }

  Result<Json> list(const GoValue& type, const Json& member, const std::string& go_path,
                    const std::string& path) {
    if (!member.is_array()) return mismatch(type, member, go_path);
    Json result = Json::array();
    for (std::size_t i = 0; i < member.size(); ++i) {
      NEOID_TRY(Json item, value(*type.element, member[i], go_path, fmt::format("{}[{}]", path, i)));
      result.push_back(item.is_null() && !type.element->pointer ? empty_element(*type.element)
                                                                : std::move(item));
    }
    return result;
  }

  Result<Json> map(const GoValue& type, const Json& member, const std::string& go_path,
                   const std::string& path) {
    if (!member.is_object()) return mismatch(type, member, go_path);
    Json result = Json::object();
    for (const auto& [key, item] : member.items()) {
      NEOID_TRY(Json decoded, value(*type.element, item, go_path, path + "." + key));
      result[key] = decoded.is_null() ? empty_element(*type.element) : std::move(decoded);
    }
    return result;
  }

  Result<Json> number(const GoValue& type, const Json& member, const std::string& go_path) {
    if (!member.is_number()) return mismatch(type, member, go_path);
    bool fits = member.is_number_integer();
    Json result = member;
    if (member.is_number_float()) {
      const double d = member.get<double>();
      fits = std::trunc(d) == d && std::fabs(d) < 9e15;
      if (fits) result = static_cast<std::int64_t>(d);
    }
    if (fits && type.bits == 32) {
      const auto wide = result.get<std::int64_t>();
      fits = wide >= std::numeric_limits<std::int32_t>::min() &&
             wide <= std::numeric_limits<std::int32_t>::max();
    }
    if (fits) return result;
    return fail(ErrorKind::Invalid,
                fmt::format("json: cannot unmarshal number {} into Go struct field {}.{} of type {}",
                            to_json(member), owner_, go_path, type.type_name));
  }

  Result<Json> bytes(const GoValue& type, const Json& member, const std::string& go_path) {
    if (!member.is_string()) return mismatch(type, member, go_path);
    const auto& text = member.get_ref<const std::string&>();
    std::string packed;
    for (const char c : text)
      if (c != '\n' && c != '\r') packed.push_back(c);
    if (unbase64(packed)) return Json(packed);
    return fail(ErrorKind::Invalid, fmt::format("illegal base64 data at input byte {}", bad_base64_at(text)));
  }

  // The offset that Go's decoder names: it reports the start of the quantum it was in when input ended.
  static std::size_t bad_base64_at(const std::string& text) {
    std::size_t in_quantum = 0;
    std::size_t quantum = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\n' || c == '\r') continue;
      if (in_quantum == 0) quantum = i;
      const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/';
      if (!good) {
        if (c == '=' && in_quantum >= 2) {
          // After the padding nothing may follow.
          std::size_t j = i + 1;
          if (in_quantum == 2) {
            while (j < text.size() && (text[j] == '\n' || text[j] == '\r')) ++j;
            if (j >= text.size()) return text.size();
            if (text[j] != '=') return j > 0 ? j - 1 : 0;
            ++j;
          }
          return j;
        }
        return i;
      }
      in_quantum = (in_quantum + 1) % 4;
    }
    return in_quantum == 0 ? text.size() : quantum;
  }

  Result<Json> time(const GoValue& type, const Json& member, const std::string& go_path) {
    if (!member.is_string()) return mismatch(type, member, go_path);
    const auto& text = member.get_ref<const std::string&>();
    const bool micro = type.kind == GoKind::MicroTime;
    const std::string layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
    const auto instant = parse_time(text);
    if (instant && (!micro || has_micros(text)))
      return Json(micro ? format_micro_time(*instant) : format_time(*instant));
    std::string rest = text;
    std::string expected = "2006";
    if (instant) {
      rest = text.substr(19);
      expected = ".000000";
    } else if (text.size() >= 4 && std::isdigit(static_cast<unsigned char>(text[0])) != 0) {
      find_bad_part(text, rest, expected);
    }
    return fail(ErrorKind::Invalid,
                fmt::format("parsing time {} as {}: cannot parse {} as {}", go_quote(text), go_quote(layout),
                            go_quote(rest), go_quote(expected)));
  }

  static bool has_micros(const std::string& text) {
    if (text.size() < 27 || text[19] != '.') return false;
    for (std::size_t i = 20; i < 26; ++i)
      if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    return std::isdigit(static_cast<unsigned char>(text[26])) == 0;
  }

  // Which piece of the layout the text fails at, as Go's time.Parse tells it.
  static void find_bad_part(const std::string& text, std::string& rest, std::string& expected) {
    static constexpr std::pair<std::size_t, std::string_view> kParts[] = {
        {4, "2006"}, {1, "-"}, {2, "01"}, {1, "-"}, {2, "02"}, {1, "T"},
        {2, "15"},   {1, ":"}, {2, "04"}, {1, ":"}, {2, "05"}};
    std::size_t at = 0;
    for (const auto& [length, part] : kParts) {
      const std::string piece = text.substr(std::min(at, text.size()), length);
      bool good = piece.size() == length;
      for (std::size_t i = 0; good && i < length; ++i)
        good = std::isdigit(static_cast<unsigned char>(part[i])) != 0
                   ? std::isdigit(static_cast<unsigned char>(piece[i])) != 0
                   : piece[i] == part[i];
      if (!good) {
        rest = text.substr(std::min(at, text.size()));
        expected = part;
        return;
      }
      at += length;
    }
    rest = text.substr(at);
    expected = "Z07:00";
  }

  static bool is_omitted(const GoField& field, const Json& decoded) {
    if (decoded.is_null()) return true;  // comes back as an empty one where it is always printed
    if (field.always || field.value.pointer) return false;
    switch (field.value.kind) {
      case GoKind::Struct:
      case GoKind::Time:
      case GoKind::MicroTime:
      case GoKind::IntOrString:
      case GoKind::Quantity:
      case GoKind::Any: return false;
      case GoKind::Bool: return !decoded.get<bool>();
      case GoKind::Int: return decoded.get<std::int64_t>() == 0;
      default:
        return decoded.empty() || (decoded.is_string() && decoded.get_ref<const std::string&>().empty());
    }
  }

  static bool is_printed_empty(const GoField& field) {
    if (field.value.pointer) return field.always;
    if (field.always) return true;
    const GoKind kind = field.value.kind;
    return kind == GoKind::Struct || kind == GoKind::Time || kind == GoKind::MicroTime;
  }

  static Json empty_element(const GoValue& type) {
    if (type.kind == GoKind::List || type.kind == GoKind::Map) return nullptr;
    return empty(type);
  }

  static Json empty(const GoValue& type) {
    if (type.pointer) return nullptr;
    switch (type.kind) {
      case GoKind::String:
      case GoKind::Bytes: return "";
      case GoKind::Bool: return false;
      case GoKind::Int:
      case GoKind::IntOrString: return 0;
      case GoKind::Quantity: return "0";
      case GoKind::Struct: {
        Json result = Json::object();
        for (const GoField& field : type.record->fields)
          if (is_printed_empty(field)) result[field.name] = empty(field.value);
        return result;
      }
      default: return nullptr;
    }
  }

  std::string owner_;
};

}  // namespace

const GoField* GoStruct::find(std::string_view field_name) const {
  for (const GoField& field : fields)
    if (field.name == field_name) return &field;
  return nullptr;
}

Result<GoDecoded> go_decode(const GoStruct& type, const Json& body) {
  if (body.is_null()) return go_decode(type, Json::object());
  if (!body.is_object())
    return fail(ErrorKind::Invalid, fmt::format("json: cannot unmarshal {} into Go value of type {}",
                                                json_type(body), type.type_name));
  Decoder decoder(type);
  NEOID_TRY(Json value, decoder.record(type, body, "", ""));
  return GoDecoded{std::move(value), std::move(decoder.unknown_)};
}

Result<GoDecoded> decode_object_meta(const Json& metadata) {
  return go_decode(*find_go_struct("ObjectMeta"), metadata);
}

}  // namespace neoid::apiserver
