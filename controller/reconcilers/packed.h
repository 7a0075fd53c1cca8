// Cached users and Secrets as short byte strings: what a cache keeps of each, about a quarter of the typed value.
//
// What neoid itself writes again and again (names of annotations, conditions, messages) is a number, UUIDs and hexadecimal
// digests are their bytes. The form lives in memory only and has no versions. Pure.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/api/user.h"
#include "reconcile/plan/plan.h"

namespace neoid::reconcilers {

struct CachedUser : api::UserResource {
  bool has_other_finalizers = false;
};

// The key is not in it: the cache has it already. Of the spec as JSON only system users' is kept.
std::string pack(const CachedUser& user);
CachedUser unpack_user(const api::ResourceKey& key, std::string_view packed);

// Hashes of the values, never the values.
std::string pack(const plan::SecretView& secret);
plan::SecretView unpack_secret(std::string_view packed);

}  // namespace neoid::reconcilers
