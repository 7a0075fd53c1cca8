#include "reconcile/value/yaml_composer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "reconcile/value/field_error.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/patch.h"

namespace neoid::yaml {
namespace {

constexpr std::size_t kMaxDuplicateKeys = 100;

// How much of a document may come out of aliases: nearly all of a small one, a tenth of a large one. Without it
// ten lines can ask for more memory than there is.
double allowed_alias_ratio(std::size_t nodes) {
  constexpr double kSmall = 400'000;
  constexpr double kLarge = 4'000'000;
  const auto n = static_cast<double>(nodes);
  if (n <= kSmall) return 0.99;
  if (n >= kLarge) return 0.10;
  return 0.99 - 0.89 * (n - kSmall) / (kLarge - kSmall);
}

// Go prints the maps of a YAML document with keys of any type.
std::string go_key(const Json& value) {
  constexpr std::string_view kJsonMap = "map[string]interface {}";
  std::string out = go_value(value);
  for (std::size_t at = out.find(kJsonMap); at != std::string::npos; at = out.find(kJsonMap, at))
    out.replace(at, kJsonMap.size(), "map[interface {}]interface {}");
  return out;
}

std::string go_float(double value) {
  if (std::isnan(value)) return "NaN";
  return value < 0 ? "-Inf" : "+Inf";
}

// Asked only of what was told to be suspicious; not recursive, as values may be deep.
bool contains_non_finite(const Json& value) {
  std::vector<const Json*> open{&value};
  while (!open.empty()) {
    const Json* next = open.back();
    open.pop_back();
    if (next->is_number_float() && !std::isfinite(next->get<double>())) return true;
    if (next->is_structured())
      for (const Json& item : *next) open.push_back(&item);
  }
  return false;
}

}  // namespace

bool Composer::run(Document& document) {
  document_ = &document;
  Event event;
  for (;;) {
    if (!parser_.next(event)) {
      if (failure_.stage == Failure::Stage::None) failure_ = parser_.failure();
      return false;
    }
    if (event.type == Event::Type::End) break;
    if (!handle(event)) return false;
  }
  if (non_finite_failure_.stage != Failure::Stage::None && !contains_non_finite(document.value))
    non_finite_failure_ = {};  // a later key of the same name took its place
  for (Failure* late : {&decode_failure_, &convert_failure_, &non_finite_failure_})
    if (failure_.stage == Failure::Stage::None) failure_ = std::move(*late);
  return failure_.stage == Failure::Stage::None;
}

bool Composer::handle(const Event& event) {
  switch (event.type) {
    case Event::Type::Scalar: return scalar(event);
    case Event::Type::Alias: return alias(event);
    case Event::Type::ListStart: return begin(event, false);
    case Event::Type::MapStart: return begin(event, true);
    case Event::Type::ListEnd:
    case Event::Type::MapEnd: return end();
    case Event::Type::End: break;
  }
  return true;
}

// --- Errors -----------------------------------------------------------------------------------------------------

bool Composer::stop(Mark at, std::string problem) {
  failure_ = {Failure::Stage::Composer, std::move(problem), {}, at};
  return false;
}

void Composer::decode_error(Mark at, std::string problem) {
  if (decode_failure_.stage == Failure::Stage::None)
    decode_failure_ = {Failure::Stage::Composer, std::move(problem), {}, at};
}

void Composer::convert_error(Mark at, std::string problem) {
  if (convert_failure_.stage == Failure::Stage::None)
    convert_failure_ = {Failure::Stage::Converter, std::move(problem), {}, at};
}

bool Composer::count(std::size_t nodes, Mark at) {
  nodes_ += nodes;
  return nodes_ <= options_.limits.max_nodes ||
         stop(at, fmt::format("document has more than {} values", options_.limits.max_nodes));
}

// --- Places and notices -------------------------------------------------------------------------------------------

std::uint32_t Composer::place(Mark at, std::uint32_t target) {
  if (!options_.annotate) return 0;
  SourceMap& map = document_->positions;
  if (depth_ == 0 || !top().map) return map.add_alias({}, {}, position(at), target);
  const Level& level = top();
  if (level.merging) return map.add_merge(position(level.key_at), position(at), target);
  return map.add_alias(level.key, position(level.key_at), position(at), target);
}

// Of the value that is being read.
std::string Composer::path() const {
  std::string out;
  for (std::size_t i = 0; i < depth_; ++i) {
    const Level& level = levels_[i];
    if (level.map)
      out = field_path(out, level.key);
    else
      out = field_path(out, std::max<std::size_t>(level.value->size(), 1) - 1);
  }
  return out;
}

void Composer::notice(NoticeKind kind, Mark at, std::string message) {
  if (document_->notices.size() >= options_.limits.max_notices) return;
  document_->notices.push_back({kind, path(), std::move(message), position(at)});
}

void Composer::notice_scalar(const Scalar& scalar, const Event& event) {
  if (!options_.annotate || scalar.surprise == Scalar::Surprise::None) return;
  const std::string_view text = event.text;
  const auto number = [&](std::string_view what) {
    return fmt::format("{} is read as the number {}; {}", text, to_json(to_value(scalar)), what);
  };
  const std::string quote = fmt::format("write \"{}\" if the text is meant", text);
  switch (scalar.surprise) {
    case Scalar::Surprise::None: return;
    case Scalar::Surprise::BooleanWord:
      return notice(NoticeKind::BooleanWord, event.start,
                    fmt::format("{} is read as the boolean {}; {}", text, scalar.boolean, quote));
    case Scalar::Surprise::LeadingZero: return notice(NoticeKind::LeadingZero, event.start, number(quote));
    case Scalar::Surprise::Underscore: return notice(NoticeKind::Underscore, event.start, number(quote));
    case Scalar::Surprise::Rewritten: return notice(NoticeKind::Rewritten, event.start, number(quote));
    case Scalar::Surprise::Large:
      return notice(NoticeKind::LargeInteger, event.start,
                    number("beyond 2^53 a number loses digits on its way through JSON"));
  }
}

void Composer::notice_tag(const Event& event, bool collection) {
  if (!options_.annotate || event.tag.empty()) return;
  std::string_view type = event.tag;
  const bool standard = type.starts_with(kTagPrefix);
  if (standard) type.remove_prefix(kTagPrefix.size());
  constexpr std::string_view kScalars[] = {"str", "int", "float", "bool", "null", "binary", "timestamp"};
  const bool fits = standard && (collection ? type == "map" || type == "seq"
                                            : std::find(std::begin(kScalars), std::end(kScalars), type) !=
                                                  std::end(kScalars));
  if (fits) return;
  notice(NoticeKind::Tag, event.start,
         fmt::format("the tag {}{} has no meaning here", standard ? "!!" : "", type));
}

void Composer::notice_duplicate(const Level& level, Mark value_at) {
  if (options_.annotate && !level.has_merged)
    notice(NoticeKind::DuplicateKey, level.key_at,
           fmt::format("the key {} was set before; the last one wins", go_quote(level.key)));
  if (options_.duplicates && duplicate_keys_.size() < kMaxDuplicateKeys)
    duplicate_keys_.push_back(fmt::format("line {}: key {} already set in map", value_at.line + 1,
                                          level.text_key ? go_quote(level.key) : level.key));
}

// --- Values -----------------------------------------------------------------------------------------------------

// Where the value that begins at `at` goes.
Json* Composer::slot(Mark at) {
  if (depth_ == 0) return &document_->value;
  Level& level = top();
  if (!level.map) return &level.value->get_ref<Json::array_t&>().emplace_back();
  if (level.wants_key || level.merging) {
    level.aside = std::make_unique<Json>();
    return level.aside.get();
  }
  auto& object = level.value->get_ref<Json::object_t&>();
  const std::size_t before = object.size();
  Json& member = object.emplace_hint(object.end(), level.key, nullptr)->second;
  if (object.size() == before) {
    notice_duplicate(level, at);
    member = nullptr;
  }
  return &member;
}

// After a value, or a key that is none, is there.
void Composer::completed(Mark at) {
  if (depth_ == 0 || !top().map) return;
  Level& level = top();
  if (level.wants_key) {
    if (decode_failure_.stage == Failure::Stage::None)
      decode_error(at, "invalid map key: " + go_key(*level.aside));
    level.key.clear();
    level.key_at = at;
    level.text_key = false;
    level.wants_key = false;
    return;
  }
  if (level.merging) merge(*level.aside, at);
  level.merging = false;
  level.wants_key = true;
  level.aside.reset();
}

void Composer::merge(const Json& value, Mark at) {
  constexpr const char* kWrong = "map merge requires map or sequence of maps as the value";
  if (value.is_object()) {
    overlay(value);
  } else if (value.is_array() &&
             std::all_of(value.begin(), value.end(), [](const Json& i) { return i.is_object(); })) {
    for (auto item = value.rbegin(); item != value.rend(); ++item) overlay(*item);  // the first one wins
  } else {
    decode_error(at, kWrong);
  }
  top().has_merged = true;
}

void Composer::overlay(const Json& value) {
  for (const auto& [key, item] : value.items()) (*top().value)[key] = item;
}

// The scalar of an event as the key of the innermost map.
bool Composer::take_key(const Event& event) {
  Level& level = top();
  level.wants_key = false;
  level.key_at = event.start;
  level.text_key = true;
  const bool merge_tag = event.tag.starts_with(kTagPrefix) && event.tag.substr(kTagPrefix.size()) == "merge";
  if (event.text == "<<" && (event.plain || merge_tag)) {
    level.key = "<<";
    level.merging = true;
    if (options_.annotate)
      notice(NoticeKind::MergeKey, event.start, "<< is read once and is not in what is stored");
    return true;
  }
  // Most keys begin with a letter that begins no other word.
  const char c = event.text.empty() ? '~' : event.text[0];
  if (!event.plain || (event.tag.empty() && ((c >= 'g' && c <= 'm') || (c >= 'p' && c <= 's')))) {
    if (event.tag.empty()) {
      level.key.assign(event.text);
      return true;
    }
  }
  const Scalar scalar = resolve(event.text, event.tag, event.plain);
  level.text_key = scalar.kind == Scalar::Kind::String;
  if (!scalar.error.empty()) decode_error(event.start, scalar.error);
  if (!to_key(scalar, level.key)) {
    level.key.assign(event.text);
    convert_error(event.start,
                  scalar.kind == Scalar::Kind::Null
                      ? std::string("unsupported map key of type: null")
                      : fmt::format("unsupported map key of type: uint64, key: {}", scalar.natural));
  }
  if (options_.annotate && !level.text_key && level.key != event.text)
    notice(NoticeKind::KeyNotString, event.start,
           fmt::format("the key {} is read as {}", event.text, go_quote(level.key)));
  notice_tag(event, false);
  return true;
}

bool Composer::scalar(const Event& event) {
  if (!count(1, event.start)) return false;
  const bool key = depth_ > 0 && top().map && top().wants_key;
  const std::uint32_t node = key ? 0 : place(event.start);
  Json anchored;
  Json* value = &anchored;
  if (key) {
    if (!take_key(event)) return false;
    if (event.anchor.empty()) return true;
  } else {
    value = slot(event.start);
  }
  const Scalar scalar = resolve(event.text, event.tag, event.plain);
  if (!scalar.error.empty()) decode_error(event.start, scalar.error);
  if (!key) {
    notice_scalar(scalar, event);
    notice_tag(event, false);
  }
  const bool non_finite = scalar.kind == Scalar::Kind::Float && !std::isfinite(scalar.real);
  *value = non_finite ? Json(scalar.real) : to_value(scalar);
  if (non_finite && non_finite_failure_.stage == Failure::Stage::None)
    non_finite_failure_ = {
        Failure::Stage::Converter, "json: unsupported value: " + go_float(scalar.real), {}, event.start};
  if (!event.anchor.empty())
    anchors_.insert_or_assign(std::string(event.anchor), Anchor{*value, true, 1, node});
  if (!key) completed(event.start);
  return true;
}

bool Composer::alias(const Event& event) {
  const auto found = anchors_.find(event.text);
  if (found == anchors_.end())
    return stop(event.start, fmt::format("unknown anchor '{}' referenced", event.text));
  const Anchor& anchor = found->second;
  if (!anchor.complete)
    decode_error(event.start, fmt::format("anchor '{}' value contains itself", event.text));
  if (!count(1 + anchor.nodes, event.start)) return false;
  alias_nodes_ += anchor.nodes;
  if (alias_nodes_ > 100 && nodes_ > 1000 &&
      static_cast<double>(alias_nodes_) / static_cast<double>(nodes_) > allowed_alias_ratio(nodes_)) {
    decode_error(event.start, "document contains excessive aliasing");
    return stop(event.start, decode_failure_.problem);
  }
  if (depth_ > 0 && top().map && top().wants_key && !anchor.value.is_structured()) {
    const std::string text =
        anchor.value.is_string() ? anchor.value.get<std::string>() : to_json(anchor.value);
    Event key = event;
    key.text = text;
    key.plain = !anchor.value.is_string();
    return take_key(key);
  }
  place(event.start, anchor.node);
  *slot(event.start) = anchor.value;
  completed(event.start);
  return true;
}

bool Composer::begin(const Event& event, bool map) {
  if (!count(1, event.start)) return false;
  if (depth_ >= static_cast<std::size_t>(options_.limits.max_depth))
    return stop(event.start, fmt::format("exceeded max depth of {}", options_.limits.max_depth));
  const bool key = depth_ > 0 && top().map && top().wants_key;
  const std::uint32_t node = key ? 0 : place(event.start);
  Json* value = slot(event.start);
  *value = map ? Json::object() : Json::array();
  notice_tag(event, true);
  if (depth_ == levels_.size()) levels_.emplace_back();
  Level& level = levels_[depth_++];
  level.value = value;
  level.map = map;
  level.wants_key = true;
  level.merging = false;
  level.has_merged = false;
  level.key.clear();
  level.key_at = event.start;
  level.node = node;
  level.nodes_before = nodes_ - 1;
  level.anchor.assign(event.anchor);
  level.aside.reset();
  if (!event.anchor.empty()) anchors_.insert_or_assign(level.anchor, Anchor{nullptr, false, 0, node});
  return true;
}

bool Composer::end() {
  Level& level = top();
  const bool is_key = depth_ > 1 && levels_[depth_ - 2].map && levels_[depth_ - 2].wants_key;
  if (options_.annotate && !is_key) document_->positions.close(level.node);
  if (!level.anchor.empty()) {
    Anchor& anchor = anchors_[level.anchor];
    // The name may have been given to another value within this one; that one is the later.
    if (!anchor.complete && anchor.node == level.node) {
      // Names within named values are copied again and again.
      anchored_nodes_ += nodes_ - level.nodes_before;
      if (anchored_nodes_ > options_.limits.max_nodes)
        return stop(level.key_at, "document contains excessive anchors");
      anchor = Anchor{*level.value, true, nodes_ - level.nodes_before, level.node};
    }
  }
  const Mark at = level.key_at;
  --depth_;
  completed(at);
  return true;
}

}  // namespace neoid::yaml
