#include "controller/apiserver/json_path.h"

#include <charconv>

namespace neoid::apiserver {
namespace {

// A member name up to '.' or '['; a backslash takes the next character as it is.
std::string read_name(std::string_view& text) {
  std::string name;
  while (!text.empty() && text.front() != '.' && text.front() != '[') {
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    name.push_back(text.front());
    text.remove_prefix(1);
  }
  return name;
}

std::string_view strip_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Json read_literal(std::string_view text) {
  text = strip_blanks(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    return std::string(text.substr(1, text.size() - 2));
  if (text == "true") return true;
  if (text == "false") return false;
  std::int64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ptr == text.data() + text.size())
    return number;
  return std::string(text);
}

bool compare(const Json& left, const std::string& operation, const Json& right) {
  if (operation == "==") return left == right;
  if (operation == "!=") return left != right;
  if (operation == "<") return left < right;
  if (operation == ">") return right < left;
  if (operation == "<=") return left <= right;
  return right <= left;
}

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  text = strip_blanks(text);
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  if (text.starts_with('$')) text.remove_prefix(1);
  while (!text.empty()) {
    Step step;
    if (text.front() == '.') {
      text.remove_prefix(1);
      if (text.starts_with('.')) {
        step.kind = Step::Kind::Descend;
        path.steps_.push_back(step);
        continue;
      }
      if (text.empty()) break;
      if (text.front() == '[') continue;
      step.name = read_name(text);
      if (step.name == "*") step.kind = Step::Kind::All;
      path.steps_.push_back(std::move(step));
      continue;
    }
    if (text.front() != '[') {
      step.name = read_name(text);
      path.steps_.push_back(std::move(step));
      continue;
    }
    const std::size_t end = text.starts_with("[?(") ? text.find(")]") : text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view inside = text.substr(1, end - 1);
    if (inside.starts_with("?(")) {
      inside.remove_prefix(2);
      text.remove_prefix(end + 2);
      step.kind = Step::Kind::Filter;
      for (const char* operation : {"==", "!=", "<=", ">=", "<", ">"}) {
        const std::size_t at = inside.find(operation);
        if (at == std::string_view::npos) continue;
        step.operation = operation;
        step.right = read_literal(inside.substr(at + step.operation.size()));
        inside = inside.substr(0, at);
        break;
      }
      inside = strip_blanks(inside);
      if (!inside.starts_with('@')) return std::nullopt;
      inside.remove_prefix(1);
      while (!inside.empty()) {
        if (inside.front() != '.') return std::nullopt;
        inside.remove_prefix(1);
        step.left.push_back(read_name(inside));
      }
    } else {
      text.remove_prefix(end + 1);
      inside = strip_blanks(inside);
      if (inside == "*") {
        step.kind = Step::Kind::All;
      } else if (inside.size() >= 2 && (inside.front() == '\'' || inside.front() == '"')) {
        step.name = inside.substr(1, inside.size() - 2);
        std::erase(step.name, '\\');
      } else {
        step.kind = Step::Kind::Index;
        if (std::from_chars(inside.data(), inside.data() + inside.size(), step.index).ec != std::errc())
          return std::nullopt;
      }
    }
    path.steps_.push_back(std::move(step));
  }
  return path;
}

void JsonPath::walk(const Json& value, const std::vector<Step>& steps, std::size_t at,
                    std::vector<const Json*>& found) {
  if (at == steps.size()) {
    found.push_back(&value);
    return;
  }
  const Step& step = steps[at];
  switch (step.kind) {
    case Step::Kind::Member:
      if (value.is_object())
        if (const auto member = value.find(step.name); member != value.end())
          walk(*member, steps, at + 1, found);
      return;
    case Step::Kind::Index: {
      if (!value.is_array()) return;
      const auto size = static_cast<int>(value.size());
      const int index = step.index < 0 ? step.index + size : step.index;
      if (index >= 0 && index < size) walk(value[static_cast<std::size_t>(index)], steps, at + 1, found);
      return;
    }
    case Step::Kind::All:
      if (value.is_structured())
        for (const Json& item : value) walk(item, steps, at + 1, found);
      return;
    case Step::Kind::Filter:
      if (!value.is_array()) return;
      for (const Json& item : value) {
        const Json* left = &item;
        for (const std::string& name : step.left) {
          const auto member = left->is_object() ? left->find(name) : left->end();
          left = left->is_object() && member != left->end() ? &*member : nullptr;
          if (left == nullptr) break;
        }
        if (left != nullptr && (step.operation.empty() || compare(*left, step.operation, step.right)))
          walk(item, steps, at + 1, found);
      }
      return;
    case Step::Kind::Descend:
      walk(value, steps, at + 1, found);
      if (value.is_structured())
        for (const Json& item : value) walk(item, steps, at, found);
      return;
  }
}

std::vector<const Json*> JsonPath::find(const Json& root) const {
  std::vector<const Json*> found;
  walk(root, steps_, 0, found);
  return found;
}

}  // namespace neoid::apiserver
