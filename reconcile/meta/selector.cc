#include "reconcile/meta/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "reconcile/meta/names.h"
#include "reconcile/value/field_error.h"

namespace neoid::meta {
namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

tl::unexpected<Error> invalid(std::string message) { return fail(ErrorKind::Invalid, std::move(message)); }

// --- The language of label selectors --------------------------------------------------------------------------------

enum class Symbol {
  End,
  Identifier,
  Comma,
  Open,
  Close,
  Not,
  Equal,
  DoubleEqual,
  NotEqual,
  Greater,
  Less,
  In,
  NotIn,
  Bad
};

struct Word {
  Symbol symbol = Symbol::End;
  std::string text;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_special(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

Symbol symbol_of(std::string_view text) {
  static constexpr std::pair<std::string_view, Symbol> kSymbols[] = {
      {")", Symbol::Close}, {",", Symbol::Comma},   {"!", Symbol::Not},       {"==", Symbol::DoubleEqual},
      {"=", Symbol::Equal}, {">", Symbol::Greater}, {"<", Symbol::Less},      {"!=", Symbol::NotEqual},
      {"(", Symbol::Open},  {"in", Symbol::In},     {"notin", Symbol::NotIn},
  };
  for (const auto& [word, symbol] : kSymbols)
    if (word == text) return symbol;
  return Symbol::Bad;
}

std::vector<Word> split(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < text.size();) {
    if (is_space(text[i])) {
      ++i;
    } else if (is_special(text[i])) {
      const std::size_t length =
          i + 1 < text.size() && is_special(text[i + 1]) && symbol_of(text.substr(i, 2)) != Symbol::Bad ? 2
                                                                                                        : 1;
      words.push_back({symbol_of(text.substr(i, length)), std::string(text.substr(i, length))});
      i += length;
    } else {
      const std::size_t start = i;
      while (i < text.size() && !is_space(text[i]) && !is_special(text[i])) ++i;
      const std::string_view word = text.substr(start, i - start);
      const Symbol symbol = symbol_of(word);
      words.push_back({symbol == Symbol::Bad ? Symbol::Identifier : symbol, std::string(word)});
    }
  }
  words.push_back({});
  return words;
}

std::string join(const Complaints& complaints) { return fmt::format("{}", fmt::join(complaints, "; ")); }

std::string go_list(const std::vector<std::string>& texts) {
  std::string out = "[]string{";
  for (const std::string& text : texts) out += (&text == &texts.front() ? "" : ", ") + go_quote(text);
  return out + "}";
}

// `path`: in front of "key" and "values" in messages; empty where the selector came as one text.
Result<LabelRequirement> make_requirement(LabelRequirement requirement, const std::string& path) {
  std::vector<std::string> errors;
  const auto complain = [&](const std::string& field, const std::string& value, const std::string& detail) {
    errors.push_back(FieldError{FieldErrorType::Invalid, path + field, value, detail}.text());
  };
  if (const auto complaints = check_qualified_name(requirement.key); !complaints.empty())
    complain("key", go_quote(requirement.key), join(complaints));
  const bool compares =
      requirement.op == LabelOperator::GreaterThan || requirement.op == LabelOperator::LessThan;
  const bool set = requirement.op == LabelOperator::In || requirement.op == LabelOperator::NotIn;
  if (set && requirement.values.empty())
    complain("values", go_list({}), "for 'in', 'notin' operators, values set can't be empty");
  if (!set && !compares && !requirement.values.empty())
    complain("values", go_list(requirement.values), "values set must be empty for exists and does not exist");
  if (compares && requirement.values.size() != 1)
    complain("values", go_list(requirement.values),
             "for 'Gt', 'Lt' operators, exactly one value is required");
  if (compares)
    for (std::size_t i = 0; i < requirement.values.size(); ++i)
      if (!integer(requirement.values[i]))
        complain(fmt::format("values[{}]", i), go_quote(requirement.values[i]),
                 "for 'Gt', 'Lt' operators, the value must be an integer");
  for (std::size_t i = 0; i < requirement.values.size(); ++i)
    if (const auto complaints = check_label_value(requirement.values[i]); !complaints.empty())
      complain(fmt::format("values[{}][{}]", i, requirement.key), go_quote(requirement.values[i]),
               join(complaints));
  if (errors.size() == 1) return invalid(errors[0]);
  if (!errors.empty()) return invalid(fmt::format("[{}]", fmt::join(errors, ", ")));
  return requirement;
}

class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : words_(split(text)) {}

  Result<std::vector<LabelRequirement>> parse() {
    std::vector<LabelRequirement> requirements;
    for (;;) {
      const Symbol first = look();
      if (first == Symbol::End) return requirements;
      if (first != Symbol::Identifier && first != Symbol::Not)
        return invalid(fmt::format("found '{}', expected: !, identifier, or 'end of string'", word().text));
      auto requirement = parse_requirement();
      if (!requirement) return invalid("unable to parse requirement: " + requirement.error().message);
      requirements.push_back(std::move(*requirement));
      const Word next = take();
      if (next.symbol == Symbol::End) return requirements;
      if (next.symbol != Symbol::Comma)
        return invalid(fmt::format("found '{}', expected: ',' or 'end of string'", next.text));
      if (look() != Symbol::Identifier && look() != Symbol::Not)
        return invalid(fmt::format("found '{}', expected: identifier after ','", word().text));
    }
  }

 private:
  const Word& word() const { return words_[at_]; }
  // Where a value may stand, "in" and "notin" are values.
  Symbol look() const {
    const Symbol symbol = word().symbol;
    return symbol == Symbol::In || symbol == Symbol::NotIn ? Symbol::Identifier : symbol;
  }
  Word take() {
    Word taken = word();
    taken.symbol = look();
    if (at_ + 1 < words_.size()) ++at_;
    return taken;
  }

  Result<LabelRequirement> parse_requirement() {
    LabelRequirement requirement;
    const bool negated = look() == Symbol::Not;
    if (negated) take();
    const bool keyword = negated && (word().symbol == Symbol::In || word().symbol == Symbol::NotIn);
    if (keyword || look() != Symbol::Identifier)
      return invalid(fmt::format("found '{}', expected: identifier", word().text));
    requirement.key = take().text;
    if (const auto complaints = check_qualified_name(requirement.key); !complaints.empty())
      return invalid(
          FieldError{FieldErrorType::Invalid, "<nil>", go_quote(requirement.key), join(complaints)}.text());
    if (negated) {
      requirement.op = LabelOperator::DoesNotExist;
      return make_requirement(std::move(requirement), "");
    }
    if (word().symbol == Symbol::End || word().symbol == Symbol::Comma)
      return make_requirement(std::move(requirement), "");
    NEOID_TRY(requirement.op, parse_operator());
    NEOID_TRY(requirement.values, set_ ? parse_set() : parse_value());
    std::sort(requirement.values.begin(), requirement.values.end());
    requirement.values.erase(std::unique(requirement.values.begin(), requirement.values.end()),
                             requirement.values.end());
    return make_requirement(std::move(requirement), "");
  }

  Result<LabelOperator> parse_operator() {
    const Symbol symbol = word().symbol;
    const std::string text = take().text;
    set_ = symbol == Symbol::In || symbol == Symbol::NotIn;
    switch (symbol) {
      case Symbol::In:
      case Symbol::Equal:
      case Symbol::DoubleEqual: return LabelOperator::In;
      case Symbol::NotIn:
      case Symbol::NotEqual: return LabelOperator::NotIn;
      case Symbol::Greater: return LabelOperator::GreaterThan;
      case Symbol::Less: return LabelOperator::LessThan;
      default: return invalid(fmt::format("found '{}', expected: in, notin, =, ==, !=, gt, lt", text));
    }
  }

  Result<std::vector<std::string>> parse_value() {
    if (look() == Symbol::End || look() == Symbol::Comma) return std::vector<std::string>{""};
    const Word value = take();
    if (value.symbol != Symbol::Identifier)
      return invalid(fmt::format("found '{}', expected: identifier", value.text));
    return std::vector<std::string>{value.text};
  }

  Result<std::vector<std::string>> parse_set() {
    const Word open = take();
    if (open.symbol != Symbol::Open) return invalid(fmt::format("found '{}' expected: '('", open.text));
    std::vector<std::string> values;
    if (look() == Symbol::Close) {
      take();
      return std::vector<std::string>{""};
    }
    if (look() != Symbol::Identifier && look() != Symbol::Comma)
      return invalid(fmt::format("found '{}', expected: ',', ')' or identifier", word().text));
    for (;;) {
      const Word item = take();
      if (item.symbol == Symbol::Identifier) {
        values.push_back(item.text);
        if (look() == Symbol::Comma) continue;
        if (look() != Symbol::Close)
          return invalid(fmt::format("found '{}', expected: ',' or ')'", word().text));
        take();
        return values;
      }
      if (item.symbol != Symbol::Comma)
        return invalid(fmt::format("found '{}', expected: ',', or identifier", item.text));
      if (values.empty()) values.emplace_back();
      if (look() == Symbol::Close) {
        take();
        values.emplace_back();
        return values;
      }
      if (look() == Symbol::Comma) {
        take();
        values.emplace_back();
      }
    }
  }

  std::vector<Word> words_;
  std::size_t at_ = 0;
  bool set_ = false;  // the operator takes a list in parentheses
};

const std::string* value_of(const Json& labels, const std::string& key) {
  if (!labels.is_object()) return nullptr;
  const auto found = labels.find(key);
  return found != labels.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
}

const std::string* value_of(const std::map<std::string, std::string>& labels, const std::string& key) {
  const auto found = labels.find(key);
  return found == labels.end() ? nullptr : &found->second;
}

// `value`: of the label that is asked for; null: there is none.
bool matches_one(const LabelRequirement& requirement, const std::string* value) {
  const auto listed = [&] {
    return std::binary_search(requirement.values.begin(), requirement.values.end(), *value);
  };
  switch (requirement.op) {
    case LabelOperator::In: return value != nullptr && listed();
    case LabelOperator::NotIn: return value == nullptr || !listed();
    case LabelOperator::Exists: return value != nullptr;
    case LabelOperator::DoesNotExist: return value == nullptr;
    case LabelOperator::GreaterThan:
    case LabelOperator::LessThan: break;
  }
  if (value == nullptr || requirement.values.size() != 1) return false;
  const auto have = integer(*value);
  const auto want = integer(requirement.values[0]);
  if (!have || !want) return false;
  return requirement.op == LabelOperator::GreaterThan ? *have > *want : *have < *want;
}

// --- The language of field selectors --------------------------------------------------------------------------------

// At commas without a backslash in front of them.
std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> terms(1);
  bool escaped = false;
  for (const char c : text) {
    if (c == ',' && !escaped) {
      terms.emplace_back();
      continue;
    }
    escaped = c == '\\' && !escaped;
    terms.back() += c;
  }
  return terms;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' || text[i] == '=')
      return invalid(
          fmt::format("invalid field selector: unescaped character in value: {}", static_cast<int>(text[i])));
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return invalid("invalid field selector: invalid escape sequence: \\");
    if (text[i] != '\\' && text[i] != ',' && text[i] != '=')
      return invalid(fmt::format("invalid field selector: invalid escape sequence: \\{}", text[i]));
    out += text[i];
  }
  return out;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  NEOID_TRY(selector.requirements_, LabelParser(text).parse());
  std::stable_sort(selector.requirements_.begin(), selector.requirements_.end(),
                   [](const LabelRequirement& a, const LabelRequirement& b) { return a.key < b.key; });
  return selector;
}

Result<LabelSelector> LabelSelector::from_json(const Json& json) {
  LabelSelector selector;
  if (!json.is_object()) {
    selector.nothing_ = true;
    return selector;
  }
  const auto labels = json.find("matchLabels");
  if (labels != json.end() && labels->is_object())
    for (const auto& [key, value] : labels->items()) {
      if (!value.is_string()) return invalid(fmt::format("matchLabels.{} must be a string", key));
      NEOID_TRY(LabelRequirement requirement,
                make_requirement({key, LabelOperator::In, {value.get<std::string>()}}, ""));
      selector.requirements_.push_back(std::move(requirement));
    }
  const auto expressions = json.find("matchExpressions");
  if (expressions == json.end() || !expressions->is_array()) return selector;
  for (const Json& expression : *expressions) {
    LabelRequirement requirement;
    const std::string op = expression.is_object() ? expression.value("operator", Json()).is_string()
                                                        ? expression["operator"].get<std::string>()
                                                        : ""
                                                  : "";
    if (op == "In")
      requirement.op = LabelOperator::In;
    else if (op == "NotIn")
      requirement.op = LabelOperator::NotIn;
    else if (op == "Exists")
      requirement.op = LabelOperator::Exists;
    else if (op == "DoesNotExist")
      requirement.op = LabelOperator::DoesNotExist;
    else
      return invalid(fmt::format("{} is not a valid label selector operator", go_quote(op)));
    if (const auto key = expression.find("key"); key != expression.end() && key->is_string())
      requirement.key = *key;
    if (const auto values = expression.find("values"); values != expression.end() && values->is_array())
      for (const Json& value : *values)
        if (value.is_string()) requirement.values.push_back(value);
    std::sort(requirement.values.begin(), requirement.values.end());
    NEOID_TRY(requirement, make_requirement(std::move(requirement), ""));
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

bool LabelSelector::matches(const Json& labels) const {
  return !nothing_ && std::all_of(requirements_.begin(), requirements_.end(), [&](const LabelRequirement& r) {
    return matches_one(r, value_of(labels, r.key));
  });
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  return !nothing_ && std::all_of(requirements_.begin(), requirements_.end(), [&](const LabelRequirement& r) {
    return matches_one(r, value_of(labels, r.key));
  });
}

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  FieldSelector selector;
  std::vector<std::string> terms = split_terms(text);
  std::sort(terms.begin(), terms.end());
  for (const std::string& term : terms) {
    if (term.empty()) continue;
    std::size_t at = 0;
    while (at < term.size() && term[at] != '=' && term.compare(at, 2, "!=") != 0) ++at;
    if (at == term.size())
      return invalid(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term));
    const bool equal = term[at] == '=';
    const std::size_t length = !equal || term.compare(at, 2, "==") == 0 ? 2 : 1;
    NEOID_TRY(std::string value, unescape(std::string_view(term).substr(at + length)));
    selector.terms_.push_back({term.substr(0, at), std::move(value), equal});
  }
  return selector;
}

bool FieldSelector::matches(const std::function<std::string(std::string_view field)>& value_of) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& term) { return (value_of(term.field) == term.value) == term.equal; });
}

std::optional<std::string> FieldSelector::exact(std::string_view field) const {
  for (const Term& term : terms_)
    if (term.equal && term.field == field) return term.value;
  return std::nullopt;
}

}  // namespace neoid::meta
