#include "controller/admission/review.h"

#include <optional>
#include <utility>

#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/member.h"

namespace neoid::admission {
namespace {

constexpr std::size_t kMaxDepth = 1000;  // far above any object of a schema; far below what a stack bears

const Json* object_of(const Json& request, const char* name) {
  const auto found = request.find(name);
  return found != request.end() && found->is_object() ? &*found : nullptr;
}

tl::unexpected<Error> broken(const std::string& what) {
  return fail(ErrorKind::Invalid, "no AdmissionReview that can be answered: " + what);
}

std::optional<policy::AdmissionOperation> parse_operation(const std::string& text) {
  using enum policy::AdmissionOperation;
  if (text == "CREATE") return Create;
  if (text == "UPDATE") return Update;
  if (text == "DELETE") return Delete;
  return std::nullopt;
}

std::string review_text(Json response) {
  return to_json({{"apiVersion", "admission.k8s.io/v1"},
                  {"kind", "AdmissionReview"},
                  {"response", std::move(response)}});
}

}  // namespace

Result<Review> Review::read(std::string_view text) {
  auto parsed = parse_json(text, kMaxDepth);
  if (!parsed) return broken(parsed.error().message);
  if (text_at(*parsed, "kind") != "AdmissionReview") return broken("kind is not AdmissionReview");
  if (text_at(*parsed, "apiVersion") != "admission.k8s.io/v1")
    return broken("apiVersion is not admission.k8s.io/v1");
  const auto found = parsed->find("request");
  if (found == parsed->end() || !found->is_object()) return broken("request is missing");
  Review review;
  review.request_ = std::move(*found);
  review.uid_ = text_at(review.request_, "uid");
  if (review.uid_.empty()) return broken("request.uid is missing");
  const std::string operation = text_at(review.request_, "operation");
  const auto known = parse_operation(operation);
  if (!known) return broken("request.operation is none of CREATE, UPDATE, DELETE");
  review.operation_ = *known;
  const bool object = object_of(review.request_, "object") != nullptr;
  const bool old_object = object_of(review.request_, "oldObject") != nullptr;
  if (!object && *known != policy::AdmissionOperation::Delete) return broken("request.object is missing");
  if (!old_object && *known == policy::AdmissionOperation::Update)
    return broken("request.oldObject is missing");
  return review;
}

Request Review::request() const {
  Request request;
  const Json* kind = object_of(request_, "kind");
  if (kind != nullptr) {
    request.group = text_at(*kind, "group");
    request.kind = text_at(*kind, "kind");
  }
  const auto dry_run = request_.find("dryRun");
  request.dry_run = dry_run != request_.end() && *dry_run == true;
  request.ns = text_at(request_, "namespace");
  policy::AdmissionFacts& facts = request.facts;
  facts.operation = operation_;
  facts.name = text_at(request_, "name");
  facts.subresource = text_at(request_, "subResource");
  if (const Json* user = object_of(request_, "userInfo")) {
    facts.user = text_at(*user, "username");
    if (const auto groups = user->find("groups"); groups != user->end() && groups->is_array()) {
      for (const Json& group : *groups)
        if (group.is_string()) facts.groups.push_back(group.get<std::string>());
    }
  }
  facts.object = operation_ == policy::AdmissionOperation::Delete ? nullptr : object_of(request_, "object");
  facts.old_object =
      operation_ == policy::AdmissionOperation::Create ? nullptr : object_of(request_, "oldObject");
  return request;
}

std::string answer_text(const std::string& uid, const Verdict& verdict) {
  Json response = {{"uid", uid}, {"allowed", verdict.allowed}};
  if (!verdict.allowed)
    response["status"] = {{"code", verdict.code}, {"reason", verdict.reason}, {"message", verdict.message}};
  if (!verdict.warnings.empty()) response["warnings"] = verdict.warnings;
  return review_text(std::move(response));
}

std::string patch_text(const std::string& uid, const Json& object, const Json* patched) {
  Json response = {{"uid", uid}, {"allowed", true}};
  if (patched != nullptr) {
    response["patchType"] = "JSONPatch";
    response["patch"] = base64(to_json(Json::diff(object, *patched)));
  }
  return review_text(std::move(response));
}

}  // namespace neoid::admission
