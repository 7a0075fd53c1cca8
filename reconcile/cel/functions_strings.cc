// Strings: the standard methods and the extended library, by code points.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/text.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kStrings2{1, 30};

std::string_view text(const Call& call, std::size_t index) { return call.args[index].str(); }

Value out_of_range(const Call& call, std::int64_t index) {
  return make_error(call.arena, fmt::format("index out of range: {}", index));
}

Value contains(const Call& call) {
  return make_bool(text(call, 0).find(text(call, 1)) != std::string_view::npos);
}
Value starts_with(const Call& call) { return make_bool(text(call, 0).starts_with(text(call, 1))); }
Value ends_with(const Call& call) { return make_bool(text(call, 0).ends_with(text(call, 1))); }

Value char_at(const Call& call) {
  const std::string_view self = text(call, 0);
  const std::int64_t index = call.args[1].integer;
  const auto runes = static_cast<std::int64_t>(count_runes(self));
  if (index < 0 || index > runes) return out_of_range(call, index);
  if (index == runes) return make_string("");
  const std::size_t start = rune_offset(self, static_cast<std::size_t>(index));
  std::size_t end = start;
  next_rune(self, end);
  return make_string(self.substr(start, end - start));
}

Value index_of(const Call& call) {
  const std::string_view self = text(call, 0);
  const std::string_view wanted = text(call, 1);
  const std::int64_t from = call.count > 2 ? call.args[2].integer : 0;
  if (wanted.empty()) return make_int(from);
  if (from < 0 || from >= static_cast<std::int64_t>(count_runes(self))) return out_of_range(call, from);
  const std::size_t found = self.find(wanted, rune_offset(self, static_cast<std::size_t>(from)));
  if (found == std::string_view::npos) return make_int(-1);
  return make_int(static_cast<std::int64_t>(count_runes(self.substr(0, found))));
}

Value last_index_of(const Call& call) {
  const std::string_view self = text(call, 0);
  const std::string_view wanted = text(call, 1);
  const auto runes = static_cast<std::int64_t>(count_runes(self));
  if (wanted.empty()) return make_int(call.count > 2 ? call.args[2].integer : runes);
  const std::int64_t from = call.count > 2 ? call.args[2].integer : runes - 1;
  if (from < 0 || from >= runes) return out_of_range(call, from);
  const std::size_t found = self.rfind(wanted, rune_offset(self, static_cast<std::size_t>(from)));
  if (found == std::string_view::npos) return make_int(-1);
  return make_int(static_cast<std::int64_t>(count_runes(self.substr(0, found))));
}

Value change_case(const Call& call, char first, char last) {
  const std::string_view self = text(call, 0);
  char* out = call.arena.array<char>(self.size());
  std::transform(self.begin(), self.end(), out,
                 [&](char c) { return c >= first && c <= last ? static_cast<char>(c ^ 0x20) : c; });
  return make_string({out, self.size()});
}
Value lower_ascii(const Call& call) { return change_case(call, 'A', 'Z'); }
Value upper_ascii(const Call& call) { return change_case(call, 'a', 'z'); }

// The empty text is found around every code point.
Value replace(const Call& call) {
  const std::string_view self = text(call, 0);
  const std::string_view old_text = text(call, 1);
  const std::string_view new_text = text(call, 2);
  std::int64_t left = call.count > 3 ? call.args[3].integer : -1;
  std::string out;
  std::size_t at = 0;
  bool first = true;
  while (left != 0) {
    std::size_t found = at;
    if (old_text.empty()) {
      if (!first && found < self.size()) next_rune(self, found);
      if (!first && at >= self.size()) break;
    } else {
      found = self.find(old_text, at);
    }
    if (found == std::string_view::npos) break;
    out += self.substr(at, found - at);
    out += new_text;
    at = found + old_text.size();
    first = false;
    if (left > 0) --left;
  }
  out += self.substr(at);
  return make_string_copy(call.arena, out);
}

Value split(const Call& call) {
  const std::string_view self = text(call, 0);
  const std::string_view separator = text(call, 1);
  std::int64_t limit = call.count > 2 ? call.args[2].integer : -1;
  std::vector<Value> parts;
  std::string_view rest = self;
  if (limit == 0) return make_list(call.arena, nullptr, 0);
  if (separator.empty()) {
    while (!rest.empty() && (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit)) {
      std::size_t end = 0;
      next_rune(rest, end);
      parts.push_back(make_string(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    if (!rest.empty()) parts.push_back(make_string(rest));
  } else {
    while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
      const std::size_t found = rest.find(separator);
      if (found == std::string_view::npos) break;
      parts.push_back(make_string(rest.substr(0, found)));
      rest.remove_prefix(found + separator.size());
    }
    parts.push_back(make_string(rest));
  }
  Value* items = call.arena.array<Value>(parts.size());
  std::copy(parts.begin(), parts.end(), items);
  return make_list(call.arena, items, parts.size());
}

Value substring(const Call& call) {
  const std::string_view self = text(call, 0);
  const auto runes = static_cast<std::int64_t>(count_runes(self));
  const std::int64_t start = call.args[1].integer;
  const std::int64_t end = call.count > 2 ? call.args[2].integer : runes;
  if (call.count > 2 && start > end) {
    return make_error(call.arena, fmt::format("invalid substring range. start: {}, end: {}", start, end));
  }
  if (start < 0 || start > runes) return out_of_range(call, start);
  if (end < 0 || end > runes) return out_of_range(call, end);
  const std::size_t from = rune_offset(self, static_cast<std::size_t>(start));
  const std::size_t to = rune_offset(self, static_cast<std::size_t>(end));
  return make_string(self.substr(from, to - from));
}

Value trim(const Call& call) {
  const std::string_view self = text(call, 0);
  std::size_t start = self.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < self.size();) {
    const std::size_t before = at;
    if (is_space(next_rune(self, at))) continue;
    start = std::min(start, before);
    end = at;
  }
  return end == 0 ? make_string("") : make_string(self.substr(start, end - start));
}

Value join(const Call& call) {
  const Value& list = call.args[0];
  const std::string_view separator = call.count > 1 ? text(call, 1) : "";
  std::string out;
  for (std::size_t i = 0, size = list_size(list); i < size; ++i) {
    const Value item = list_item(list, i, call.arena);
    if (item.is_error()) return item;
    if (!item.is(ValueKind::String)) return make_static_error("no such overload: join");
    if (i > 0) out += separator;
    out += item.str();
  }
  return make_string_copy(call.arena, out);
}

Value quote(const Call& call) {
  std::string out = "\"";
  const std::string_view self = text(call, 0);
  for (std::size_t at = 0; at < self.size();) {
    const char32_t rune = next_rune(self, at);
    static constexpr std::u32string_view kSpecial = U"\a\b\f\n\r\t\v\\\"";
    static constexpr std::string_view kNames = "abfnrtv\\\"";
    if (const std::size_t known = kSpecial.find(rune); known != std::u32string_view::npos) {
      out += '\\';
      out += kNames[known];
    } else {
      append_rune(out, rune);
    }
  }
  return make_string_copy(call.arena, out + "\"");
}

}  // namespace

std::span<const FunctionRow> string_rows() {
  static constexpr FunctionRow kRows[] = {
      {"contains", "string.(string) -> bool", contains, CostModel::Contains},
      {"endsWith", "string.(string) -> bool", ends_with, CostModel::Prefix},
      {"startsWith", "string.(string) -> bool", starts_with, CostModel::Prefix},
      {"charAt", "string.(int) -> string", char_at},
      {"indexOf", "string.(string) -> int", index_of, CostModel::ListTraversal},
      {"indexOf", "string.(string, int) -> int", index_of, CostModel::ListTraversal},
      {"join", "list(string).() -> string", join, CostModel::Join},
      {"join", "list(string).(string) -> string", join, CostModel::Join},
      {"lastIndexOf", "string.(string) -> int", last_index_of, CostModel::ListTraversal},
      {"lastIndexOf", "string.(string, int) -> int", last_index_of, CostModel::ListTraversal},
      {"lowerAscii", "string.() -> string", lower_ascii, CostModel::TextSameSize},
      {"replace", "string.(string, string) -> string", replace, CostModel::Replace},
      {"replace", "string.(string, string, int) -> string", replace, CostModel::Replace},
      {"split", "string.(string) -> list(string)", split, CostModel::Split},
      {"split", "string.(string, int) -> list(string)", split, CostModel::Split},
      {"substring", "string.(int) -> string", substring, CostModel::TextSameSize},
      {"substring", "string.(int, int) -> string", substring, CostModel::TextSameSize},
      {"trim", "string.() -> string", trim, CostModel::TextSameSize},
      {"upperAscii", "string.() -> string", upper_ascii, CostModel::TextSameSize},
      {"strings.quote", "(string) -> string", quote, CostModel::One, kStrings2},
  };
  return kRows;
}

}  // namespace neoid::cel
