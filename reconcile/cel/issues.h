// What is wrong with a rule's text, and where: collected by parser and checker, printed as a server does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace neoid::cel {

inline constexpr std::size_t kNoOffset = static_cast<std::size_t>(-1);

class Issues {
 public:
  // `text` is borrowed and must outlive this.
  explicit Issues(std::string_view text) : text_(text) {}

  // `offset`: bytes from the start of the text; kNoOffset for what has no place.
  void add(std::size_t offset, std::string message);
  bool empty() const { return total_ == 0; }
  // "ERROR: <input>:1:6: ...\n | self > 3\n | .....^", sorted by place, at most 100 of them.
  std::string render() const;

 private:
  struct Issue {
    std::size_t offset;
    std::string message;
  };
  std::string render(const Issue& issue) const;

  std::string_view text_;
  std::vector<Issue> issues_;
  std::size_t total_ = 0;
};

}  // namespace neoid::cel
