#include "controller/apiserver/apply/field_set.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "reconcile/value/field_error.h"

namespace neoid::apply {
namespace {

std::string compact(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string print_scalar(const Json& value) {
  return value.is_string() ? go_quote(value.get_ref<const std::string&>()) : compact(value);
}

// Whether the text is a path element that we can keep: its JSON part must parse.
bool is_element(const std::string& text) {
  if (text.size() < 2 || text[1] != ':') return false;
  const std::string_view rest = std::string_view(text).substr(2);
  switch (text[0]) {
    case 'f': return true;
    case 'k': return Json::parse(rest, nullptr, false).is_object();
    case 'v': return !Json::parse(rest, nullptr, false).is_discarded();
    case 'i': return !rest.empty() && std::ranges::all_of(rest, [](char c) { return c >= '0' && c <= '9'; });
    default: return false;
  }
}

// One spelling for one element, whatever the order of keys a client wrote.
std::string canonical(const std::string& text) {
  if (text[0] != 'k' && text[0] != 'v') return text;
  return text.substr(0, 2) + compact(Json::parse(std::string_view(text).substr(2), nullptr, false));
}

}  // namespace

std::string field_element(std::string_view name) { return "f:" + std::string(name); }
std::string key_element(const Json& keys) { return "k:" + compact(keys); }
std::string value_element(const Json& scalar) { return "v:" + compact(scalar); }
std::string index_element(std::size_t index) { return fmt::format("i:{}", index); }

std::string print_element(std::string_view element) {
  const std::string_view rest = element.substr(std::min<std::size_t>(2, element.size()));
  switch (element.empty() ? ' ' : element[0]) {
    case 'f': return "." + std::string(rest);
    case 'v': return "[=" + print_scalar(Json::parse(rest, nullptr, false)) + "]";
    case 'k': {
      const Json keys = Json::parse(rest, nullptr, false);
      std::string out;
      for (const auto& [name, value] : keys.items())
        out += (out.empty() ? "" : ",") + name + "=" + print_scalar(value);
      return "[" + out + "]";
    }
    default: return "[" + std::string(rest) + "]";
  }
}

std::string print_path(const Path& path) {
  std::string out;
  for (const std::string& element : path) out += print_element(element);
  return out;
}

FieldSet FieldSet::of_names(std::initializer_list<std::vector<std::string_view>> paths) {
  FieldSet set;
  for (const auto& names : paths) {
    Path path;
    for (const std::string_view name : names) path.push_back(field_element(name));
    set.insert(path);
  }
  return set;
}

std::optional<FieldSet> FieldSet::decode(const Json& fields_v1) {
  if (!fields_v1.is_object()) return std::nullopt;
  FieldSet set;
  for (const auto& [name, below] : fields_v1.items()) {
    if (name == ".") continue;  // the parent reads it
    if (!is_element(name)) return std::nullopt;
    const std::string element = canonical(name);
    std::optional<FieldSet> child = decode(below);
    if (!child) return std::nullopt;
    if (below.empty() || below.contains(".")) set.members_.insert(element);
    if (!child->empty()) set.children_[element] = std::move(*child);
  }
  return set;
}

Json FieldSet::encode() const {
  Json out = Json::object();
  for (const std::string& member : members_) out[member] = Json::object();
  for (const auto& [element, child] : children_) {
    if (child.empty()) continue;
    Json below = child.encode();
    if (members_.contains(element)) below["."] = Json::object();
    out[element] = std::move(below);
  }
  return out;
}

bool FieldSet::empty() const {
  return members_.empty() &&
         std::ranges::all_of(children_, [](const auto& entry) { return entry.second.empty(); });
}

const FieldSet* FieldSet::child(std::string_view element) const {
  const auto found = children_.find(element);
  return found == children_.end() ? nullptr : &found->second;
}

void FieldSet::insert(const Path& path) {
  if (path.empty()) return;
  FieldSet* at = this;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) at = &at->children_[path[i]];
  at->members_.insert(path.back());
}

FieldSet FieldSet::united(const FieldSet& other) const {
  FieldSet out = *this;
  out.members_.insert(other.members_.begin(), other.members_.end());
  for (const auto& [element, child] : other.children_) {
    FieldSet& mine = out.children_[element];
    mine = mine.united(child);
  }
  return out;
}

FieldSet FieldSet::intersected(const FieldSet& other) const {
  FieldSet out;
  for (const std::string& member : members_)
    if (other.members_.contains(member)) out.members_.insert(member);
  for (const auto& [element, child] : children_) {
    const FieldSet* theirs = other.child(element);
    if (theirs == nullptr) continue;
    if (FieldSet both = child.intersected(*theirs); !both.empty()) out.children_[element] = std::move(both);
  }
  return out;
}

FieldSet FieldSet::without(const FieldSet& other) const {
  FieldSet out;
  for (const std::string& member : members_)
    if (!other.members_.contains(member)) out.members_.insert(member);
  for (const auto& [element, child] : children_) {
    const FieldSet* theirs = other.child(element);
    FieldSet rest = theirs == nullptr ? child : child.without(*theirs);
    if (!rest.empty()) out.children_[element] = std::move(rest);
  }
  return out;
}

FieldSet FieldSet::without_trees(const FieldSet& other) const {
  FieldSet out;
  for (const std::string& member : members_)
    if (!other.members_.contains(member)) out.members_.insert(member);
  for (const auto& [element, child] : children_) {
    if (other.members_.contains(element)) continue;
    const FieldSet* theirs = other.child(element);
    FieldSet rest = theirs == nullptr ? child : child.without_trees(*theirs);
    if (!rest.empty()) out.children_[element] = std::move(rest);
  }
  return out;
}

void FieldSet::each(const std::function<void(const Path&)>& visit) const {
  Path prefix;
  each_below(prefix, visit);
}

void FieldSet::each_below(Path& prefix, const std::function<void(const Path&)>& visit) const {
  for (const std::string& member : members_) {
    prefix.push_back(member);
    visit(prefix);
    prefix.pop_back();
  }
  for (const auto& [element, child] : children_) {
    prefix.push_back(element);
    child.each_below(prefix, visit);
    prefix.pop_back();
  }
}

}  // namespace neoid::apply
