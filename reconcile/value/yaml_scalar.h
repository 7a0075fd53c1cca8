// What a YAML scalar means: Kubernetes' reading of YAML 1.1. Internal to this folder. Pure and thread-safe.
//
// Words y, yes, on, true (and n, no, off, false) in three spellings each are booleans; ~ and null are null;
// integers may have a sign, 0x, 0o, 0b or a leading 0 (octal), and underscores; a number too large for 64 bits is
// a double, a double that is too large is a string; dates and times of day stay strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reconcile/value/json.h"

namespace neoid::yaml {

struct Scalar {
  enum class Kind { Null, Boolean, Integer, Unsigned, Float, String };
  // How the meaning differs from what a person sees.
  enum class Surprise { None, BooleanWord, LeadingZero, Underscore, Rewritten, Large };
  Kind kind = Kind::String;
  Surprise surprise = Surprise::None;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t natural = 0;  // Unsigned: beyond int64
  double real = 0;
  std::string_view text;  // String: the text that was asked about...
  std::string binary;     // ...or, of a !!binary, these bytes
  std::string error;      // not empty: the tag and the text do not go together
};

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

// `plain`: neither quoted nor a block (or tagged "!").
Scalar resolve(std::string_view text, std::string_view tag, bool plain);

// As the value of a JSON document that Kubernetes makes of it: a double without a fraction is an integer if its
// shortest text is one. Not for infinities and NaN.
Json to_value(const Scalar& scalar);
// As a key of one; false: it cannot be a key.
bool to_key(const Scalar& scalar, std::string& key);

}  // namespace neoid::yaml
