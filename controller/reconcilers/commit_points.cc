#include "controller/reconcilers/commit_points.h"

#include <string_view>
#include <variant>

#include "controller/base/crash_point.h"

namespace neoid::reconcilers {
namespace {

struct NameOf {
  api::CredentialSource source;

  std::string_view operator()(const plan::PutIdentity& put) const {
    if (put.predecessor) return "remake-committed";
    return put.adopt ? "adoption-committed" : "identity-committed";
  }
  std::string_view operator()(const plan::IssueVersion&) const { return "issue-committed"; }
  std::string_view operator()(const plan::DeliverVersion&) const { return "deliver-committed"; }
  std::string_view operator()(const plan::HealVersion&) const {
    return source == api::CredentialSource::Reference ? "reference-committed" : "heal-committed";
  }
  std::string_view operator()(const plan::RevokeAll&) const { return "revocation-committed"; }
  std::string_view operator()(const plan::PlaceHold&) const { return "hold-committed"; }
  std::string_view operator()(const plan::LiftHold&) const { return "hold-lifted"; }
  std::string_view operator()(const plan::LeaveBehind&) const { return "departure-committed"; }
  std::string_view operator()(const plan::ReleaseOwner&) const { return "release-committed"; }
  std::string_view operator()(const plan::DeleteIdentity&) const { return "deletion-committed"; }
};

}  // namespace

void come_by_commit_points(const plan::IdentityChange& change, api::CredentialSource source) {
  for (const plan::Operation& operation : change.operations)
    crash_point(std::visit(NameOf{source}, operation));
}

}  // namespace neoid::reconcilers
