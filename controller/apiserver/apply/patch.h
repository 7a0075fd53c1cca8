// JSON patch, merge patch and strategic merge patch, with a real server's answers.
//
// Each takes the live object as the client would see it and the raw body, and returns the patched object, not
// yet defaulted, pruned or validated. What is the resource's business (names, versions, uid) is the caller's.
// Pure. Source: k8s.io/apiserver/pkg/endpoints/handlers/patch.go, k8s.io/apimachinery/pkg/util/strategicpatch
// (1.26), RFC 6902, RFC 7396.
#pragma once

#include <string_view>

#include "controller/apiserver/apply/refusal.h"
#include "controller/apiserver/apply/type_info.h"

namespace neoid::apply {

enum class PatchKind { Json, Merge, Strategic, Apply };
enum class Served { Custom, BuiltIn };

// From the request's Content-Type; else the 415 with the types that are taken.
Outcome<PatchKind> patch_kind(std::string_view content_type, Served served);

Outcome<Json> json_patch(const Json& live, std::string_view body, Served served);
Outcome<Json> merge_patch(const Json& live, std::string_view body, Served served);
Outcome<Json> strategic_merge_patch(const Json& live, std::string_view body, const Type& type);
// The same for a patch that is a value already, without the check that the outcome fits the type.
Outcome<Json> strategic_merge(const Json& live, const Json& patch, const Type& type);

}  // namespace neoid::apply
