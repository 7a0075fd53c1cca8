#include "reconcile/schema/rules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reconcile/schema/walk.h"

namespace neoid::schema::internal {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// What stands for a rule in messages: its message, else its text.
std::string_view rule_name(const RuleText& text) {
  return trim(text.message.empty() ? text.rule : text.message);
}

std::string type_value(const Node& node) { return '"' + node.schema->type_text + '"'; }

FieldErrorType error_type(const RuleText& text) {
  if (text.reason == "FieldValueForbidden") return FieldErrorType::Forbidden;
  if (text.reason == "FieldValueRequired") return FieldErrorType::Required;
  if (text.reason == "FieldValueDuplicate") return FieldErrorType::Duplicate;
  return FieldErrorType::Invalid;
}

// The message of a rule that said no: its expression's, if that gives one clean line, else the fixed one.
std::string refusal(const CompiledRule& compiled, const Json& value, const Json* old, std::int64_t& budget) {
  constexpr std::size_t kMaxBytes = 5 * 1024;
  if (compiled.message && budget > 0) {
    const cel::Evaluation said = compiled.message->evaluate(value, old, static_cast<std::uint64_t>(budget));
    budget -=
        static_cast<std::int64_t>(std::min<std::uint64_t>(said.cost, static_cast<std::uint64_t>(budget)));
    const std::string_view line = trim(said.text);
    if (said.verdict == cel::Verdict::Passed && !line.empty() && line.size() <= kMaxBytes &&
        line.find('\n') == std::string_view::npos)
      return std::string(line);
  }
  if (!compiled.text->message.empty()) return std::string(trim(compiled.text->message));
  return "failed rule: " + std::string(trim(compiled.text->rule));
}

std::int64_t run_own_rules(const Node& node, const Json& value, const Json* old, const Path& path,
                           std::int64_t budget, std::vector<FieldError>& errors) {
  const auto add = [&](FieldErrorType type, std::string field, std::string detail) {
    errors.push_back({type, std::move(field), type_value(node), std::move(detail)});
  };
  if (!node.rules.empty() && budget <= 0) {
    add(FieldErrorType::Invalid, path.text(),
        "validation failed due to running out of cost budget, no further validation rules will be run");
    return -1;
  }
  for (const CompiledRule& compiled : node.rules) {
    const bool optional_old = compiled.text->optional_old_self.value_or(false);
    if (compiled.rule.uses_old_self() && old == nullptr && !optional_old) continue;
    const cel::Evaluation result = compiled.rule.evaluate(value, old, static_cast<std::uint64_t>(budget));
    switch (result.verdict) {
      case cel::Verdict::Passed: break;
      case cel::Verdict::Failed: {
        budget -= static_cast<std::int64_t>(result.cost);
        std::string detail = refusal(compiled, value, old, budget);
        add(error_type(*compiled.text), path.text() + compiled.text->field_path, std::move(detail));
        continue;
      }
      case cel::Verdict::Error:
        add(FieldErrorType::Invalid, path.text(),
            cel::describe_evaluation_error(result, rule_name(*compiled.text)));
        break;
      case cel::Verdict::CallLimitExceeded:
      case cel::Verdict::BudgetExceeded:
        add(FieldErrorType::Invalid, path.text(),
            cel::describe_evaluation_error(result, rule_name(*compiled.text)));
        return -1;
    }
    budget -= static_cast<std::int64_t>(result.cost);
  }
  return budget;
}

// The items of a list map by their keys: which old item an item was before. Only the first of equal keys counts.
class OldItems {
 public:
  OldItems(const Structural& schema, const Json* old)
      : keys_(schema.list_type == ListType::Map && old != nullptr && old->is_array() ? &schema.list_keys
                                                                                     : nullptr),
        old_(old) {
    constexpr std::size_t kFew = 16;
    if (keys_ == nullptr || old->size() <= kFew) return;
    for (const Json& item : *old)
      if (const std::string key = key_text(item); !key.empty()) by_key_.emplace(key, &item);
  }

  const Json* find(const Json& item) const {
    if (keys_ == nullptr) return nullptr;
    if (!by_key_.empty()) {
      const auto it = by_key_.find(key_text(item));
      return it == by_key_.end() ? nullptr : it->second;
    }
    for (const Json& candidate : *old_)
      if (same_key(item, candidate)) return &candidate;
    return nullptr;
  }

 private:
  static bool is_key(const Json& value) {
    return value.is_string() || value.is_number() || value.is_boolean();
  }

  bool same_key(const Json& a, const Json& b) const {
    if (!a.is_object() || !b.is_object()) return false;
    return std::all_of(keys_->begin(), keys_->end(), [&](const std::string& name) {
      const auto left = a.find(name), right = b.find(name);
      return left != a.end() && right != b.end() && is_key(*left) && *left == *right;
    });
  }

  std::string key_text(const Json& item) const {
    if (!item.is_object()) return {};
    Json key = Json::array();
    for (const std::string& name : *keys_) {
      const auto it = item.find(name);
      if (it == item.end() || !is_key(*it)) return {};
      key.push_back(*it);
    }
    return key.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  const std::vector<std::string>* keys_;
  const Json* old_;
  std::unordered_map<std::string, const Json*> by_key_;
};

const Json* old_member(const Node& node, const Json* old, const std::string& key) {
  if (old == nullptr || !old->is_object() || node.schema->atomic_map) return nullptr;
  const auto it = old->find(key);
  return it == old->end() || it->is_null() ? nullptr : &*it;
}

}  // namespace

std::int64_t run_rules(const Node& node, const Json& value, const Json* old, const Path& path,
                       std::int64_t budget, std::vector<FieldError>& errors) {
  if (!node.rules_below || value.is_null()) return budget;
  budget = run_own_rules(node, value, old, path, budget, errors);
  if (budget < 0) return budget;
  if (value.is_object()) {
    for_each_known_member(value.get_ref<const Json::object_t&>(), node,
                          [&](const std::string& key, const Json& member, const Node& child, Member kind) {
                            if (budget < 0 || !child.rules_below) return;
                            const Path at =
                                kind == Member::Property ? Path::child(path, key) : Path::key(path, key);
                            budget = run_rules(child, member, old_member(node, old, key), at, budget, errors);
                          });
  } else if (value.is_array() && node.items && node.items->rules_below) {
    const OldItems old_items(*node.schema, old);
    const auto& list = value.get_ref<const Json::array_t&>();
    for (std::size_t i = 0; i < list.size() && budget >= 0; ++i)
      budget = run_rules(*node.items, list[i], old_items.find(list[i]), Path::index(path, i), budget, errors);
  }
  return budget;
}

}  // namespace neoid::schema::internal
