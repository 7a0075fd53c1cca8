// The string formats that a kube-apiserver checks; all others (int32, unheard-of) are ignored.
// Source: kube-openapi/pkg/validation/strfmt, apiextensions-apiserver/pkg/apiserver/validation/formats.go.
#pragma once

#include <string_view>

namespace neoid::schema {

enum class Format {
  None,
  Byte,
  CreditCard,
  Date,
  DateTime,
  Duration,
  Email,
  HexColor,
  Hostname,
  Cidr,
  Ipv4,
  Ipv6,
  Isbn,
  Isbn10,
  Isbn13,
  Mac,
  ObjectId,
  Password,
  RgbColor,
  Ssn,
  Uri,
  Uuid,
  Uuid3,
  Uuid4,
  Uuid5,
};

// "date-time" and "datetime" are one; None for what is not checked.
Format find_format(std::string_view name);
bool matches(Format format, std::string_view text);

}  // namespace neoid::schema
