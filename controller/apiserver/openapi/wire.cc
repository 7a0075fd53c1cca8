#include "controller/apiserver/openapi/wire.h"

#include <bit>

namespace neoid::openapi {
namespace {

enum WireType { kVarint = 0, kEightBytes = 1, kLength = 2, kFourBytes = 5 };

constexpr std::uint64_t tag(int field, WireType type) {
  return static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(type);
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[i]);
  return out;
}

}  // namespace

void WireWriter::raw_varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void WireWriter::varint(int field, std::uint64_t value) {
  raw_varint(tag(field, kVarint));
  raw_varint(value);
}

void WireWriter::text(int field, std::string_view value) {
  raw_varint(tag(field, kLength));
  raw_varint(value.size());
  bytes_ += value;
}

void WireWriter::number(int field, double value) {
  raw_varint(tag(field, kEightBytes));
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) bytes_.push_back(static_cast<char>(bits & 0xff));
}

double WireField::as_double() const { return std::bit_cast<double>(value); }

std::optional<std::uint64_t> WireReader::varint() {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    out |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    rest_.remove_prefix(i + 1);
    return out;
  }
  failed_ = true;
  return std::nullopt;
}

bool WireReader::next(WireField& field) {
  if (failed_ || rest_.empty()) return false;
  const auto head = varint();
  if (!head) return false;
  field = {};
  field.number = static_cast<int>(*head >> 3);
  field.type = static_cast<int>(*head & 7);
  std::size_t length = 0;
  switch (field.type) {
    case kVarint: {
      const auto value = varint();
      field.value = value.value_or(0);
      return value.has_value() && field.number > 0;
    }
    case kEightBytes: length = 8; break;
    case kFourBytes: length = 4; break;
    case kLength: {
      const auto size = varint();
      if (!size) return false;
      length = static_cast<std::size_t>(*size);
      break;
    }
    default: failed_ = true; return false;
  }
  if (length > rest_.size() || field.number <= 0) {
    failed_ = true;
    return false;
  }
  field.bytes = rest_.substr(0, length);
  rest_.remove_prefix(length);
  if (field.type != kLength) field.value = little_endian(field.bytes);
  return true;
}

}  // namespace neoid::openapi
