// AdmissionReview of admission.k8s.io/v1: read and written. Pure.
//
// Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
#pragma once

#include <string>
#include <string_view>

#include "controller/admission/judge.h"
#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::admission {

// Owns what a Request borrows.
class Review {
 public:
  // Invalid: no review of this version, or no request that could be answered, with what is missing.
  static Result<Review> read(std::string_view text);

  const std::string& uid() const { return uid_; }
  // Valid as long as the review, which must not move meanwhile.
  Request request() const;

 private:
  std::string uid_;
  Json request_;
  policy::AdmissionOperation operation_ = policy::AdmissionOperation::Create;
};

std::string answer_text(const std::string& uid, const Verdict& verdict);
// `patched`: null leaves the object as it came; else the answer carries a JSON patch from `object` to it.
std::string patch_text(const std::string& uid, const Json& object, const Json* patched);

}  // namespace neoid::admission
