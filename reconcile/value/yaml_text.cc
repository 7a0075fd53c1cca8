#include "reconcile/value/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/value/json_text.h"
#include "reconcile/value/utf8.h"
#include "reconcile/value/yaml_scalar.h"

namespace neoid {
namespace {

// A key may be 1,024 characters long; a longer one needs the form with a question mark.
constexpr std::size_t kMaxKeyBytes = 1000;

// What a reader might take for something else than itself, or not take at all.
bool is_printable(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
  return c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE && c != 0xFFFF;
}

bool all_printable(std::string_view text, bool breaks_and_tabs) {
  while (!text.empty()) {
    const Utf8Char c = first_utf8(text);
    const bool space = breaks_and_tabs && (c.code_point == '\n' || c.code_point == '\t');
    if (!c.valid || (!space && !is_printable(c.code_point))) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

// Dates, times of day and base 60: Kubernetes reads them as strings, other readers of YAML 1.1 do not.
bool looks_like_time(std::string_view text) {
  const std::size_t digits = text[0] == '-' || text[0] == '+' ? 1 : 0;
  if (digits == text.size() || text[digits] < '0' || text[digits] > '9') return false;
  const bool time = text.find(':') != std::string_view::npos;
  const bool date = text.size() >= 8 && text[4] == '-';
  return (time || date) && text.find_first_not_of("0123456789-+:.TtZz _") == std::string_view::npos;
}

bool can_be_plain(std::string_view text) {
  if (text.empty() || !all_printable(text, false)) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  const char first = text[0];
  if (std::string_view(",[]{}#&*!|>'\"%@`=<?:").find(first) != std::string_view::npos) return false;
  if (first == '-' && (text.size() == 1 || text[1] == ' ' || text[1] == '-')) return false;
  if (text.starts_with("...") || looks_like_time(text)) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  return yaml::resolve(text, "", true).kind == yaml::Scalar::Kind::String;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Utf8Char c = first_utf8(text);
    switch (c.code_point) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (is_printable(c.code_point))
          append_utf8(out, c.code_point);
        else if (c.code_point < 0x100)
          out += fmt::format("\\x{:02x}", static_cast<unsigned>(c.code_point));
        else
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c.code_point));
    }
    text.remove_prefix(c.length);
  }
  return out + '"';
}

// Several lines that can stand as they are below a |.
bool can_be_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || !all_printable(text, true)) return false;
  return text[0] != ' ' && text[0] != '\t' && text[0] != '\n';
}

void write_block(std::string& out, std::string_view text, std::size_t indent) {
  const std::size_t breaks = text.size() - 1 - std::min(text.find_last_not_of('\n'), text.size());
  out += breaks == 0 ? "|-\n" : breaks == 1 ? "|\n" : "|+\n";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out.append(indent, ' ').append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  // A value after "key:" or "-" or at the very beginning. `indent`: of the lines below it.
  void write_nested(const Json& value, std::size_t indent, bool after_dash) {
    if (value.is_object() && !value.empty()) {
      if (!after_dash) out_ += '\n';
      write_object(value, indent, after_dash);
    } else if (value.is_array() && !value.empty()) {
      if (!after_dash) out_ += '\n';
      write_array(value, indent, after_dash);
    } else {
      if (!after_dash) out_ += ' ';
      write_scalar(value, indent);
    }
  }

  void write_object(const Json& value, std::size_t indent, bool first_is_placed) {
    for (const auto& [key, item] : value.items()) {
      if (!first_is_placed) out_.append(indent, ' ');
      first_is_placed = false;
      const std::string name = yaml_scalar(key);
      if (name.size() > kMaxKeyBytes) {
        out_ += "? " + name + '\n';
        out_.append(indent, ' ');
      } else {
        out_ += name;
      }
      out_ += ':';
      // The dashes of a list stand below its key, as kubectl writes them.
      write_nested(item, item.is_array() ? indent : indent + 2, false);
    }
  }

  void write_array(const Json& value, std::size_t indent, bool first_is_placed) {
    for (const Json& item : value) {
      if (!first_is_placed) out_.append(indent, ' ');
      first_is_placed = false;
      out_ += "- ";
      write_nested(item, indent + 2, true);
    }
  }

  void write_scalar(const Json& value, std::size_t indent) {
    if (value.is_string()) {
      const std::string& text = value.get_ref<const std::string&>();
      if (can_be_block(text)) return write_block(out_, text, std::max<std::size_t>(indent, 2));
      out_ += yaml_scalar(text);
    } else {
      out_ += to_json(value);  // numbers, true, null, {} and [] are YAML as they are JSON
    }
    out_ += '\n';
  }

 private:
  std::string out_;
};

}  // namespace

std::string yaml_scalar(std::string_view text) {
  return can_be_plain(text) ? std::string(text) : quoted(text);
}

std::string to_yaml(const Json& value) {
  Writer writer;
  writer.write_nested(value, 0, true);
  return writer.take();
}

}  // namespace neoid
