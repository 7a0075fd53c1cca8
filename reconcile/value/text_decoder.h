// Bytes of a file to UTF-8, piece by piece, as kubectl does it: a byte order mark names UTF-8 or UTF-16 and is
// dropped; what is ill-formed becomes U+FFFD. Internal to this folder. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace neoid {

class TextDecoder {
 public:
  // Appends to `out` what can be decoded so far. `last`: no more bytes will come.
  void decode(std::string_view bytes, bool last, std::string& out);
  // Where U+FFFD was put in, as offsets into all that was decoded; at most 1,000.
  const std::vector<std::uint64_t>& replaced() const { return replaced_; }

 private:
  enum class Encoding { Unknown, Utf8, Utf16Little, Utf16Big };
  bool find_encoding(bool last);
  void utf8(bool last, std::string& out);
  void utf16(bool last, std::string& out);
  void replace(std::string& out);

  Encoding encoding_ = Encoding::Unknown;
  std::string rest_;  // bytes that are not decoded yet
  std::uint64_t decoded_ = 0;
  std::vector<std::uint64_t> replaced_;
};

}  // namespace neoid
