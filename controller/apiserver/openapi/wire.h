// Protobuf bytes, written and read field by field. Pure. Source: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace neoid::openapi {

class WireWriter {
 public:
  void varint(int field, std::uint64_t value);
  void text(int field, std::string_view value);  // strings, bytes and messages
  void number(int field, double value);
  void message(int field, const WireWriter& value) { text(field, value.bytes_); }
  bool empty() const { return bytes_.empty(); }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  void raw_varint(std::uint64_t value);

  std::string bytes_;
};

struct WireField {
  int number = 0;
  int type = 0;             // 0 varint, 1 eight bytes, 2 length, 5 four bytes
  std::uint64_t value = 0;  // of types 0, 1 and 5
  std::string_view bytes;   // of type 2; borrowed from the input
  double as_double() const;
};

// Fields in their order; false from next() at the end, and where the bytes are none (failed() tells which).
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  bool next(WireField& field);
  bool failed() const { return failed_; }

 private:
  std::optional<std::uint64_t> varint();

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace neoid::openapi
