#include "controller/apiserver/reviews.h"

#include <fmt/format.h>

#include "controller/apiserver/decode.h"
#include "controller/apiserver/options.h"
#include "controller/apiserver/serve.h"
#include "controller/apiserver/write.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

auth::Attributes attributes_of(const Json& spec) {
  auth::Attributes attributes;
  if (const auto resource = spec.find("resourceAttributes"); resource != spec.end()) {
    attributes.verb = text_at(*resource, "verb");
    attributes.api_group = text_at(*resource, "group");
    attributes.resource = text_at(*resource, "resource");
    attributes.subresource = text_at(*resource, "subresource");
    attributes.ns = text_at(*resource, "namespace");
    attributes.name = text_at(*resource, "name");
  } else if (const auto path = spec.find("nonResourceAttributes"); path != spec.end()) {
    attributes.path = text_at(*path, "path");
    attributes.verb = text_at(*path, "verb");
  }
  return attributes;
}

std::vector<FieldError> check_spec(const Json& spec, bool needs_subject) {
  std::vector<FieldError> errors;
  const bool resource = spec.contains("resourceAttributes");
  const bool path = spec.contains("nonResourceAttributes");
  if (resource && path) {
    const Json& given = spec["nonResourceAttributes"];
    errors.push_back({FieldErrorType::Invalid, "spec.nonResourceAttributes",
                      fmt::format("authorization.NonResourceAttributes{{Path:{}, Verb:{}}}",
                                  go_quote(text_at(given, "path")), go_quote(text_at(given, "verb"))),
                      "cannot be specified in combination with resourceAttributes"});
  }
  if (!resource && !path)
    errors.push_back({FieldErrorType::Invalid, "spec.resourceAttributes", "\"null\"",
                      "exactly one of nonResourceAttributes or resourceAttributes must be specified"});
  if (needs_subject && text_at(spec, "user").empty() && spec.value("groups", Json::array()).empty())
    errors.push_back(
        {FieldErrorType::Invalid, "spec.user", "\"\"", "at least one of user or group must be specified"});
  return errors;
}

auth::UserInfo subject_of(const Json& spec) {
  auth::UserInfo user;
  user.name = text_at(spec, "user");
  user.uid = text_at(spec, "uid");
  for (const Json& group : spec.value("groups", Json::array())) user.groups.push_back(group);
  return user;
}

Json review_token(const Core& core, const Json& spec) {
  const auto user = core.authenticator.find_token(text_at(spec, "token"));
  if (!user) return {{"user", Json::object()}};
  Json groups = user->groups;
  groups.push_back(auth::kAuthenticatedGroup);
  Json shown = {{"username", user->name}, {"groups", std::move(groups)}};
  if (!user->uid.empty()) shown["uid"] = user->uid;
  return {{"authenticated", true}, {"user", std::move(shown)}};
}

ApiError invalid_review(const std::vector<FieldError>& errors) {
  return invalid({"authorization.k8s.io", ""}, "", errors);
}

Answer<Json> answer_review(const Core& core, const Call& call, const Json& review) {
  const std::string& kind = call.resource->kind;
  const Json& spec = review["spec"];
  const auto rbac = core.authorizer.snapshot();
  if (kind == "TokenReview") return review_token(core, spec);
  if (kind == "SelfSubjectRulesReview") {
    const std::string ns = text_at(spec, "namespace");
    if (ns.empty()) return refuse(bad_request("no namespace on request"));
    return auth::rules_review_status(rbac->rules_for(call.user, ns));
  }
  const bool self = kind == "SelfSubjectAccessReview";
  std::vector<FieldError> errors = check_spec(spec, !self);
  if (kind == "LocalSubjectAccessReview" && spec.contains("resourceAttributes")) {
    const std::string ns = text_at(spec["resourceAttributes"], "namespace");
    if (ns != call.path.ns)
      errors.push_back({FieldErrorType::Invalid, "spec.resourceAttributes.namespace", go_quote(ns),
                        "must match metadata.namespace"});
  }
  if (!errors.empty()) return refuse(invalid_review(errors));
  return auth::access_review_status(
      rbac->authorize(self ? call.user : subject_of(spec), attributes_of(spec)));
}

}  // namespace

http::Response handle_review(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const auto options = read_write_options(call.request, WriteKind::Create);
  if (!options) return respond_error(call, options.error());
  auto review = decode_body(call, options->validation);
  if (!review) return respond_error(call, review.error());
  if (call.resource->namespaced) (*review)["metadata"]["namespace"] = call.path.ns;
  if (call.resource->types) {
    *review = apply::manage_update(call.resource->blank, std::move(*review), writer_of(core, call, *options),
                                   *call.resource->types);
  }
  auto status = answer_review(core, call, *review);
  if (!status) return respond_error(call, status.error());
  (*review)["status"] = std::move(*status);
  (*review)["metadata"]["creationTimestamp"] = nullptr;
  return respond_json(call, 201, *review);
}

}  // namespace neoid::apiserver
