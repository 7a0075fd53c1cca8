// Where one stands in a value, as a chain of frames on the stack: text is made only when there is an error.
// Borrowed: a Path lives as long as the frame of its caller.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace neoid::schema {

class Path {
 public:
  // `prefix` stands before everything, "" at the root of a resource.
  explicit Path(std::string_view prefix = {}) : name_(prefix) {}
  static Path child(const Path& parent, std::string_view name) { return {&parent, Kind::Child, name, 0}; }
  static Path key(const Path& parent, std::string_view name) { return {&parent, Kind::Key, name, 0}; }
  static Path index(const Path& parent, std::size_t i) { return {&parent, Kind::Index, {}, i}; }

  // "spec.ports[0].labels[a]"; "<nil>" for an empty path, as Go prints it.
  std::string text() const;
  // "spec.ports[0].labels.a" below the prefix: how the OpenAPI validation names a value; "" for the root.
  std::string dotted() const;
  // The field of an error of the OpenAPI validation: prefix and dotted(); "<nil>" if empty.
  std::string dotted_field() const;
  std::string_view prefix() const { return kind_ == Kind::Root ? name_ : parent_->prefix(); }

 private:
  enum class Kind { Root, Child, Key, Index };
  Path(const Path* parent, Kind kind, std::string_view name, std::size_t i)
      : parent_(parent), kind_(kind), name_(name), index_(i) {}
  enum class Keys { Bracketed, Dotted };
  void append(std::string& out, Keys keys, bool with_prefix) const;

  const Path* parent_ = nullptr;
  Kind kind_ = Kind::Root;
  std::string_view name_;
  std::size_t index_ = 0;
};

}  // namespace neoid::schema
