// Headers: the header fields of a message, in order; names compare without case (RFC 9110 section 5.1).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace neoid::http {

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  // Replaces all fields of the name.
  void set(std::string_view name, std::string value);
  void erase(std::string_view name);
  // The first field of the name; nullopt if there is none. The view lives as long as the field.
  std::optional<std::string_view> find(std::string_view name) const;
  // The same, with "" for none.
  std::string_view get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;

  bool empty() const { return fields_.empty(); }
  std::size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// ASCII only, as the names of header fields are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// Percent-encodes all but RFC 3986's unreserved characters: for one segment of a path or one value of a
// query.
std::string percent_encode(std::string_view text);
// nullopt for a broken escape. `+` stays `+`.
std::optional<std::string> percent_decode(std::string_view text);
// "a=1&b=x%20y+z" as decoded pairs in order (`+` is a space); a broken escape stays as it is written.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace neoid::http
