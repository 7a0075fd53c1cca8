// Secret: bytes that must not be seen. Prints as ***, compares in constant time, is wiped when it goes.
//
// Plaintext is reached by reveal() alone, so that `grep reveal` lists every place that touches it.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace neoid {

class Secret {
 public:
  Secret() = default;
  // Takes the text over; what the caller still holds of it is the caller's to wipe.
  explicit Secret(std::string text);
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret& a, const Secret& b);
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

// Overwrites the whole capacity in a way that the compiler may not drop, and empties it.
void cleanse(std::string& text);

}  // namespace neoid
