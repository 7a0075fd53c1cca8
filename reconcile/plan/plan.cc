#include "reconcile/plan/plan.h"

#include <utility>

namespace neoid::plan {

SecretValue SecretValue::of(Secret text) {
  SecretValue value;
  value.hash = credentials::hash_client_secret(text);
  value.text = std::move(text);
  return value;
}

}  // namespace neoid::plan
