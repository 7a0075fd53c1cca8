#include "controller/apiserver/selector.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "controller/apiserver/metadata.h"

namespace neoid::apiserver {
namespace {

enum class Token {
  End,
  Error,
  Identifier,
  In,
  NotIn,
  Open,
  Close,
  Comma,
  Not,
  Equals,
  DoubleEquals,
  NotEquals,
  Greater,
  Less
};

struct Item {
  Token token = Token::End;
  std::string text;
};

bool is_special(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::optional<Token> symbol(std::string_view text) {
  if (text == ")") return Token::Close;
  if (text == ",") return Token::Comma;
  if (text == "!") return Token::Not;
  if (text == "==") return Token::DoubleEquals;
  if (text == "=") return Token::Equals;
  if (text == ">") return Token::Greater;
  if (text == "<") return Token::Less;
  if (text == "!=") return Token::NotEquals;
  if (text == "(") return Token::Open;
  return std::nullopt;
}

std::vector<Item> scan(std::string_view text) {
  std::vector<Item> items;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    std::size_t length = 1;
    if (!is_special(text[at])) {
      while (at + length < text.size() && !is_special(text[at + length]) && !is_blank(text[at + length]))
        ++length;
      const std::string word(text.substr(at, length));
      items.push_back({word == "in" ? Token::In : word == "notin" ? Token::NotIn : Token::Identifier, word});
    } else {
      while (at + length < text.size() && symbol(text.substr(at, length + 1))) ++length;
      items.push_back({*symbol(text.substr(at, length)), std::string(text.substr(at, length))});
    }
    at += length;
  }
  items.push_back({Token::End, ""});
  return items;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : items_(scan(text)) {}

  Answer<LabelSelector> parse() {
    LabelSelector selector;
    while (true) {
      const Item next = look();
      if (next.token == Token::End) return selector;
      if (next.token != Token::Identifier && next.token != Token::Not)
        return wrong(fmt::format("found '{}', expected: !, identifier, or 'end of string'", next.text));
      auto requirement = read_requirement();
      if (!requirement) return wrong("unable to parse requirement: " + requirement.error());
      selector.requirements_.push_back(std::move(*requirement));
      const Item after = take();
      if (after.token == Token::End) return selector;
      if (after.token != Token::Comma)
        return wrong(fmt::format("found '{}', expected: ',' or 'end of string'", after.text));
      const Item following = look();
      if (following.token != Token::Identifier && following.token != Token::Not)
        return wrong(fmt::format("found '{}', expected: identifier after ','", following.text));
    }
  }

 private:
  using Requirement = LabelSelector::Requirement;
  using Operator = LabelSelector::Operator;
  template <class T>
  using Parsed = tl::expected<T, std::string>;

  static tl::unexpected<ApiError> wrong(std::string text) { return refuse(bad_request(std::move(text))); }
  static tl::unexpected<std::string> bad(std::string text) {
    return tl::unexpected<std::string>(std::move(text));
  }

  // Where values may stand, `in` and `notin` are words like others.
  Item look() const {
    Item item = items_[at_];
    if (item.token == Token::In || item.token == Token::NotIn) item.token = Token::Identifier;
    return item;
  }
  Item take() {
    const Item item = look();
    if (at_ + 1 < items_.size()) ++at_;
    return item;
  }
  Item take_operator() {
    const Item item = items_[at_];
    if (at_ + 1 < items_.size()) ++at_;
    return item;
  }

  Parsed<Requirement> read_requirement() {
    Requirement requirement;
    Item item = take();
    const bool missing = item.token == Token::Not;
    if (missing) item = take();
    if (item.token != Token::Identifier)
      return bad(fmt::format("found '{}', expected: identifier", item.text));
    requirement.key = item.text;
    std::vector<std::string> problems;
    for (const std::string& why : qualified_name_errors(requirement.key))
      problems.push_back(fmt::format("key: Invalid value: {}: {}", go_quote(requirement.key), why));
    if (!problems.empty()) return bad(joined(problems));
    const Token next = look().token;
    if (missing || next == Token::End || next == Token::Comma) {
      requirement.operation = missing ? Operator::Missing : Operator::Exists;
      return requirement;
    }
    const Item operation = take_operator();
    switch (operation.token) {
      case Token::In:
      case Token::NotIn: {
        requirement.operation = operation.token == Token::In ? Operator::In : Operator::NotIn;
        auto values = read_values();
        if (!values) return bad(values.error());
        requirement.values = std::move(*values);
        break;
      }
      case Token::Equals:
      case Token::DoubleEquals:
      case Token::NotEquals:
      case Token::Greater:
      case Token::Less: {
        requirement.operation = operation.token == Token::NotEquals ? Operator::NotIn
                                : operation.token == Token::Greater ? Operator::Greater
                                : operation.token == Token::Less    ? Operator::Less
                                                                    : Operator::In;
        const Token following = look().token;
        if (following == Token::End || following == Token::Comma) {
          requirement.values.insert("");
          break;
        }
        const Item value = take();
        if (value.token != Token::Identifier)
          return bad(fmt::format("found '{}', expected: identifier", value.text));
        requirement.values.insert(value.text);
        break;
      }
      default: return bad(fmt::format("found '{}', expected: in, notin, =, ==, !=, gt, lt", operation.text));
    }
    return checked(std::move(requirement));
  }

  Parsed<std::set<std::string>> read_values() {
    Item item = take();
    if (item.token != Token::Open) return bad(fmt::format("found '{}' expected: '('", item.text));
    item = look();
    if (item.token == Token::Close) {
      take();
      return std::set<std::string>{""};
    }
    if (item.token != Token::Identifier && item.token != Token::Comma)
      return bad(fmt::format("found '{}', expected: ',', ')' or identifier", item.text));
    std::set<std::string> values;
    while (true) {
      item = take();
      if (item.token == Token::Identifier) {
        values.insert(item.text);
        const Item next = look();
        if (next.token == Token::Comma) continue;
        if (next.token != Token::Close)
          return bad(fmt::format("found '{}', expected: ',' or ')'", next.text));
        break;
      }
      if (item.token != Token::Comma)
        return bad(fmt::format("found '{}', expected: ',', or identifier", item.text));
      if (values.empty()) values.insert("");
      const Token next = look().token;
      if (next == Token::Close) {
        values.insert("");
        break;
      }
      if (next == Token::Comma) {
        take();
        values.insert("");
      }
    }
    take();
    return values;
  }

  static Parsed<Requirement> checked(Requirement requirement) {
    std::vector<std::string> problems;
    if (requirement.operation == Operator::Greater || requirement.operation == Operator::Less) {
      for (const std::string& value : requirement.values)
        if (!integer(value))
          problems.push_back(fmt::format(
              "values[0]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer",
              go_quote(value)));
    }
    std::size_t index = 0;
    for (const std::string& value : requirement.values) {
      for (const std::string& why : label_value_errors(value))
        problems.push_back(fmt::format("values[{}][{}]: Invalid value: {}: {}", index, requirement.key,
                                       go_quote(value), why));
      ++index;
    }
    if (!problems.empty()) return bad(joined(problems));
    return requirement;
  }

  static std::string joined(const std::vector<std::string>& problems) {
    return problems.size() == 1 ? problems[0] : fmt::format("[{}]", fmt::join(problems, ", "));
  }

  std::vector<Item> items_;
  std::size_t at_ = 0;
};

Answer<LabelSelector> LabelSelector::parse(std::string_view text) { return LabelParser(text).parse(); }

bool LabelSelector::matches(const Json& metadata) const {
  if (requirements_.empty()) return true;
  const auto labels = metadata.find("labels");
  for (const Requirement& requirement : requirements_) {
    const std::string* value = nullptr;
    if (labels != metadata.end() && labels->is_object())
      if (const auto found = labels->find(requirement.key); found != labels->end() && found->is_string())
        value = &found->get_ref<const std::string&>();
    switch (requirement.operation) {
      case Operator::In:
        if (value == nullptr || !requirement.values.contains(*value)) return false;
        break;
      case Operator::NotIn:
        if (value != nullptr && requirement.values.contains(*value)) return false;
        break;
      case Operator::Exists:
        if (value == nullptr) return false;
        break;
      case Operator::Missing:
        if (value != nullptr) return false;
        break;
      case Operator::Greater:
      case Operator::Less: {
        const auto own = value == nullptr ? std::nullopt : integer(*value);
        const auto wanted = integer(*requirement.values.begin());
        if (!own || !wanted) return false;
        if (requirement.operation == Operator::Greater ? *own <= *wanted : *own >= *wanted) return false;
        break;
      }
    }
  }
  return true;
}

namespace {

// Terms between commas; a backslash keeps what follows it.
std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> terms(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      terms.back() += text[i++];
      terms.back() += text[i];
    } else if (text[i] == ',') {
      terms.emplace_back();
    } else {
      terms.back() += text[i];
    }
  }
  std::sort(terms.begin(), terms.end());
  return terms;
}

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    result += text[i];
  }
  return result;
}

ApiError unsupported(const ResourceInfo& resource, const std::string& label) {
  if (resource.plain_labels)
    return bad_request(fmt::format(
        "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", go_quote(label)));
  return bad_request("field label not supported: " + label);
}

}  // namespace

Answer<FieldSelector> FieldSelector::parse(std::string_view text, const ResourceInfo& resource) {
  FieldSelector selector;
  for (const std::string& term : split_terms(text)) {
    if (term.empty()) continue;
    std::size_t at = std::string::npos;
    std::size_t length = 0;
    for (std::size_t i = 0; i < term.size() && length == 0; ++i) {
      if (term[i] == '\\') {
        ++i;
        continue;
      }
      const std::string_view rest = std::string_view(term).substr(i);
      length = rest.starts_with("!=") || rest.starts_with("==") ? 2 : rest.starts_with("=") ? 1 : 0;
      at = i;
    }
    if (length == 0)
      return refuse(bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term)));
    Term made;
    made.label = term.substr(0, at);
    made.wanted = unescape(std::string_view(term).substr(at + length));
    made.equal = term[at] != '!';
    for (const FieldLabel& known : resource.labels)
      if (known.label == made.label) made.value = known.value;
    if (!made.value) return refuse(unsupported(resource, made.label));
    selector.terms_.push_back(std::move(made));
  }
  return selector;
}

bool FieldSelector::matches(const Json& object) const {
  for (const Term& term : terms_)
    if ((term.value(object) == term.wanted) != term.equal) return false;
  return true;
}

std::string FieldSelector::required(std::string_view label) const {
  for (const Term& term : terms_)
    if (term.label == label && term.equal) return term.wanted;
  return "";
}

}  // namespace neoid::apiserver
