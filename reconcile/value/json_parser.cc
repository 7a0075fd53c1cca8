#include "reconcile/value/json_parser.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "reconcile/value/utf8.h"

namespace neoid {
namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_json_digit(char c) { return c >= '0' && c <= '9'; }

// Flow: value() reads a scalar or opens a container; after_value() closes containers and finds the place of
// the next value. Containers are filled in place: a pointer to one stays good while its members are read.
class Scanner {
 public:
  Scanner(std::string_view text, const JsonScanOptions& options)
      : text_(text), options_(options), line_(options.start.line), column_(options.start.column) {}

  JsonScan run() {
    skip_space();
    slot_ = &scan_.value;
    while (value() && after_value()) {
    }
    return std::move(scan_);
  }

 private:
  struct Level {
    Json* container;
    std::string key;  // of the member that is being read
    std::uint32_t node;
  };

  bool done() {
    scan_.status = JsonScan::Status::Done;
    scan_.end = at_;
    return false;
  }
  bool need_more() {
    scan_.status = JsonScan::Status::NeedMore;
    scan_.end = text_.size();
    return false;
  }
  bool failed(std::string message) {
    scan_.status = JsonScan::Status::Failed;
    scan_.end = at_;
    scan_.message = std::move(message);
    return false;
  }
  bool unexpected(std::string_view context) {
    if (at_ >= text_.size()) return need_more();
    return failed(fmt::format("invalid character {} {}", go_quote_byte(text_[at_]), context));
  }

  void skip_space() {
    while (at_ < text_.size() && is_json_space(text_[at_])) ++at_;
  }

  // Lines are counted only up to what is asked for, in one pass over the text.
  Position position(std::size_t offset) {
    for (; counted_ < offset; ++counted_) {
      const auto byte = static_cast<unsigned char>(text_[counted_]);
      if (byte == '\n') {
        ++line_;
        column_ = 1;
      } else if ((byte & 0xC0) != 0x80) {
        ++column_;
      }
    }
    return {line_, column_};
  }

  std::string path(std::string_view last) const {
    std::string out;
    for (const Level& level : stack_) {
      if (level.container->is_array()) {
        out += fmt::format("[{}]", level.container->size() - 1);
      } else {
        const std::string_view key = &level == &stack_.back() ? last : std::string_view(level.key);
        out += (out.empty() ? "" : ".") + std::string(key);
      }
    }
    return out;
  }

  // Before a value at at_: its node in the source map.
  std::uint32_t place() {
    if (options_.positions == nullptr) return 0;
    const bool member = !stack_.empty() && stack_.back().container->is_object();
    const Position key = member ? key_at_ : Position{};
    return options_.positions->add(member ? std::string_view(stack_.back().key) : std::string_view(), key,
                                   position(at_));
  }
  void close(std::uint32_t node) {
    if (options_.positions != nullptr) options_.positions->close(node);
  }

  // Reads a scalar into *slot_, or opens a container and goes to its first value. False: stop.
  bool value() {
    for (;;) {
      if (at_ >= text_.size()) return need_more();
      const char c = text_[at_];
      const bool object = c == '{';
      if (!object && c != '[') return scalar(c);
      if (stack_.size() >= options_.max_depth) return failed("exceeded max depth");
      const std::uint32_t node = place();
      *slot_ = object ? Json::object() : Json::array();
      ++at_;
      skip_space();
      if (at_ >= text_.size()) return need_more();
      if (text_[at_] == (object ? '}' : ']')) {
        ++at_;
        close(node);
        return true;
      }
      stack_.push_back({slot_, {}, node});
      if (object ? !member() : !element()) return false;
    }
  }

  bool element() {
    auto& array = stack_.back().container->get_ref<Json::array_t&>();
    slot_ = &array.emplace_back();
    return true;
  }

  bool member() {
    if (at_ >= text_.size() || text_[at_] != '"')
      return unexpected("looking for beginning of object key string");
    const std::size_t offset = at_;
    if (options_.positions != nullptr) key_at_ = position(at_);
    Level& level = stack_.back();
    if (!string(level.key)) return false;
    skip_space();
    if (at_ >= text_.size() || text_[at_] != ':') return unexpected("after object key");
    ++at_;
    skip_space();
    auto& object = level.container->get_ref<Json::object_t&>();
    const std::size_t before = object.size();
    slot_ = &object.emplace_hint(object.end(), level.key, nullptr)->second;
    if (object.size() == before && scan_.duplicates.size() < options_.max_reports)
      scan_.duplicates.push_back({path(level.key), offset});
    return true;
  }

  // After a value: the end of the containers that end here, then the place of the next value. False: stop.
  bool after_value() {
    for (;;) {
      if (stack_.empty()) return done();
      skip_space();
      const bool object = stack_.back().container->is_object();
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        skip_space();
        return object ? member() : element();
      }
      if (at_ >= text_.size() || text_[at_] != (object ? '}' : ']'))
        return unexpected(object ? "after object key:value pair" : "after array element");
      ++at_;
      close(stack_.back().node);
      stack_.pop_back();
    }
  }

  bool scalar(char c) {
    const std::uint32_t node = place();
    bool good = false;
    if (c == '"') {
      *slot_ = std::string();
      good = string(slot_->get_ref<std::string&>());
    } else if (c == '-' || is_json_digit(c)) {
      good = number();
    } else if (c == 't') {
      good = literal("true", true);
    } else if (c == 'f') {
      good = literal("false", false);
    } else if (c == 'n') {
      good = literal("null", nullptr);
    } else {
      return unexpected("looking for beginning of value");
    }
    close(node);
    return good;
  }

  bool literal(std::string_view word, Json meaning) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      ++at_;
      if (at_ >= text_.size() || text_[at_] != word[i])
        return unexpected(fmt::format("in literal {} (expecting '{}')", word, word[i]));
    }
    ++at_;
    *slot_ = std::move(meaning);
    return true;
  }

  bool digits(std::string_view context) {
    if (at_ >= text_.size() || !is_json_digit(text_[at_])) return unexpected(context);
    while (at_ < text_.size() && is_json_digit(text_[at_])) ++at_;
    return true;
  }

  bool number() {
    const std::size_t start = at_;
    bool integer = true;
    if (text_[at_] == '-') ++at_;
    if (at_ < text_.size() && text_[at_] == '0')
      ++at_;
    else if (!digits("in numeric literal"))
      return false;
    if (at_ < text_.size() && text_[at_] == '.') {
      integer = false;
      ++at_;
      if (!digits("after decimal point in numeric literal")) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      integer = false;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits("in exponent of numeric literal")) return false;
    }
    return store_number(text_.substr(start, at_ - start), integer, start);
  }

  bool store_number(std::string_view text, bool integer, std::size_t offset) {
    if (integer) {
      std::int64_t whole = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
      if (options_.report_large_integers && (error != std::errc() || whole > kExact || whole < -kExact) &&
          scan_.large_integers.size() < options_.max_reports)
        scan_.large_integers.push_back({path(stack_.empty() ? "" : stack_.back().key), offset});
      if (error == std::errc()) {
        *slot_ = whole;
        return true;
      }
    }
    const double real = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(real))
      return failed(fmt::format("json: cannot unmarshal number {} into Go value of type float64", text));
    *slot_ = real;
    return true;
  }

  // at_ stands on the opening quote; afterwards behind the closing one.
  bool string(std::string& out) {
    out.clear();
    ++at_;
    for (;;) {
      const std::size_t start = at_;
      bool ascii = true;
      while (at_ < text_.size()) {
        const auto byte = static_cast<unsigned char>(text_[at_]);
        if (byte == '"' || byte == '\\' || byte < 0x20) break;
        ascii &= byte < 0x80;
        ++at_;
      }
      const std::string_view run = text_.substr(start, at_ - start);
      if (ascii || is_utf8(run))
        out += run;
      else
        out += replace_invalid_utf8(run, Replacement::PerByte);
      if (at_ >= text_.size()) return need_more();
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') return unexpected("in string literal");
      ++at_;
      if (!escape(out)) return false;
    }
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return need_more();
    const char c = text_[at_];
    switch (c) {
      case '"':
      case '\\':
      case '/': out += c; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': return unicode_escape(out);
      default: return unexpected("in string escape code");
    }
    ++at_;
    return true;
  }

  // Four digits behind the u that at_ stands on; afterwards at_ is behind them.
  bool hex4(char32_t& code) {
    code = 0;
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = at_ < text_.size() ? hex_digit(text_[at_]) : -1;
      if (digit < 0) return unexpected("in \\u hexadecimal character escape");
      code = code * 16 + static_cast<char32_t>(digit);
    }
    return true;
  }

  bool unicode_escape(std::string& out) {
    char32_t code = 0;
    if (!hex4(code)) return false;
    if (code < 0xD800 || code > 0xDFFF) {
      append_utf8(out, code);
      return true;
    }
    // A lone surrogate is U+FFFD; what follows it is read for itself.
    if (code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t back = at_;
      char32_t low = 0;
      ++at_;
      if (!hex4(low)) return false;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        append_utf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
        return true;
      }
      at_ = back;
    }
    append_utf8(out, 0xFFFD);
    return true;
  }

  std::string_view text_;
  const JsonScanOptions& options_;
  JsonScan scan_;
  std::vector<Level> stack_;
  Json* slot_ = nullptr;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;
  int line_;
  int column_;
  Position key_at_;
};

}  // namespace

JsonScan scan_json(std::string_view text, const JsonScanOptions& options) {
  return Scanner(text, options).run();
}

std::string go_quote_byte(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  if (byte == '\'') return "'\\''";
  if (byte == '"') return "'\"'";
  if (byte == '\\') return "'\\\\'";
  if (code >= 0x80) {
    if (code < 0xA0 || code == 0xA0 || code == 0xAD) return fmt::format("'\\u{:04x}'", code);
    std::string out = "'";
    append_utf8(out, code);
    return out + "'";
  }
  switch (byte) {
    case '\a': return "'\\a'";
    case '\b': return "'\\b'";
    case '\f': return "'\\f'";
    case '\n': return "'\\n'";
    case '\r': return "'\\r'";
    case '\t': return "'\\t'";
    case '\v': return "'\\v'";
    default: break;
  }
  if (code < 0x20 || code == 0x7F) return fmt::format("'\\x{:02x}'", code);
  return fmt::format("'{}'", byte);
}

}  // namespace neoid
