// GoType: the struct that a kube-apiserver decodes a built-in kind into, as data.
//
// One table says of every field its JSON name, its type and whether it is printed when empty; from it
// follows what Go's decoder does to a body: unknown fields fall away, a wrong type is an error in its words,
// null and empty members vanish, members without omitempty appear, times and base64 are checked. Immutable,
// thread-safe. Source: k8s.io/api/*/types.go, sigs.k8s.io/json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::apiserver {

struct GoStruct;

enum class GoKind {
  String,
  Bool,
  Int,
  Bytes,
  Time,
  MicroTime,
  IntOrString,
  Quantity,
  Any,
  Struct,
  List,
  Map
};

struct GoValue {
  GoKind kind = GoKind::Any;
  int bits = 64;                     // of an Int
  bool pointer = false;              // kept when it is zero, gone when it is null
  std::string type_name;             // as errors name it: "string", "v1.SecretType", "[]uint8"
  const GoStruct* record = nullptr;  // of a Struct
  const GoValue* element = nullptr;  // of a List or Map
};

struct GoField {
  std::string name;
  GoValue value;
  bool always = false;  // no omitempty
};

struct GoStruct {
  std::string name;       // "Secret"
  std::string type_name;  // "v1.Secret"
  std::vector<GoField> fields;
  const GoField* find(std::string_view field_name) const;
};

struct GoDecoded {
  Json value;
  std::vector<std::string> unknown_fields;  // "metadata.bogus"; in the order of the JSON tree
};

// What Go makes of `body`. Invalid: the decoder's message.
Result<GoDecoded> go_decode(const GoStruct& type, const Json& body);

// The struct of a kind, or of a part ("ObjectMeta"); null if it is not in the table.
const GoStruct* find_go_struct(std::string_view name);

// metadata of a custom resource: as the decoder reads it there ("Go value of type v1.ObjectMeta").
Result<GoDecoded> decode_object_meta(const Json& metadata);

}  // namespace neoid::apiserver
