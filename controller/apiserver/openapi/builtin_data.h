// The built-in schemas as text: one line a type, one line a field.
//
//   package io.k8s.api.core.v1 ""              the prefix of the names below, and the API group
//   type Secret kind "What it is."             kind: stored, has a list; review: only created; bare: neither
//   type OwnerReference atomic                 owned as a whole (x-kubernetes-map-type)
//     name 1 string ! "What it is."            JSON name, number in protobuf, type, marks, description
// Types: string bytes int32 int64 double bool time microtime duration quantity intorstring raw any FieldsV1,
// [T] a list, {T} a map, a name of this package, meta.X, core.X or another group's. Marks: ! required; inline: its
// members stand in the parent; atomic, set, map(k,..): the list's type; merge, merge(key), replace, retainKeys: the
// patch strategy; =JSON: default (={}: a struct that is always
// there, if only empty). A number 0 has no place in protobuf.
#pragma once

namespace neoid::openapi {

extern const char* const kMetaSchemas;
extern const char* const kCoreSchemas;
extern const char* const kVolumeSchemas;
extern const char* const kPodSchemas;
extern const char* const kPodPartSchemas;
extern const char* const kGroupSchemas;
extern const char* const kWorkloadSchemas;
extern const char* const kExtensionSchemas;

}  // namespace neoid::openapi
