// Scene: one integration user as a pass finds it, and a plan in one line of words, so that tables of cases read as
// sentences. Numbers of versions are small: the scene's epoch is 0.
#pragma once

#include <functional>
#include <string>

#include "reconcile/plan/plan.h"

namespace neoid::plan {

struct Scene {
  UserView view;
  PlanContext context;
  credentials::RandomBytes random{1, 2, 3};

  // Just created: nothing is in the store, no Secret.
  static Scene fresh(api::Kind kind = api::Kind::IntegrationUser);
  // Reconciled: the row, the Secret with version 1 and the status agree; a pass finds nothing to do.
  static Scene settled(api::Kind kind = api::Kind::IntegrationUser);
  // `source: Reference`, with the row there; `value`: of the Secret; empty: no Secret.
  static Scene referenced(const std::string& value);

  Plan decide() const { return decide_user(view, context, random); }
  std::string plan() const;  // decided, in words

  StoredIdentity& own() { return *view.own; }
  SecretView& secret() { return *view.secret; }
  api::UserSpec& spec() { return view.resource.spec; }
  api::UserStatus::Credentials& listed() { return view.resource.status.credentials; }
  SecretValue& value() { return secret().data.at("client_secret"); }

  // The whole of version 2, delivered over version 1, which has `left` of its overlap.
  void rotate(Duration left);
  // A version besides those that are there.
  void add_version(VersionNumber number, VersionState state, const std::string& value = "another value");
};

// "finalizer added; before: put, issue 1; Secret created; after: deliver 1; issues", or "nothing".
std::string in_words(const Plan& plan);

struct SceneCase {
  const char* when;
  std::function<void(Scene&)> given;
  const char* then;
};

}  // namespace neoid::plan
