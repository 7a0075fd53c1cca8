// `neoid plan` against what the controller then does: both stores, a live API, real files.
#include "controller/cli/preview/preview.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/controller/reconcilers/controller_support.h"

namespace neoid::preview {
namespace {

using reconcilers::make_scope;
using reconcilers::make_user;
using reconcilers::StoreForm;
using reconcilers::System;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

enum class Ask { StoreOnly, ClusterToo };

class PreviewTest : public testing::TestWithParam<StoreForm> {
 protected:
  PreviewTest() : system(GetParam()) {
    system.start_controller();
    system.apply(make_scope("documents"));
    system.apply(make_scope("finance"));
    system.apply(billing);
    system.wait_ready("billing");
    system.eventually("both scopes are in the catalogue",
                      [&] { return system.store().scopes()->size() == 2; });
  }

  void write(const std::string& name, const std::vector<Json>& objects) {
    std::filesystem::create_directories(system.folder() / "files");
    std::ofstream file(system.folder() / "files" / name);
    for (const Json& object : objects) file << "---\n" << object.dump(1) << "\n";
  }

  int run(Ask ask = Ask::ClusterToo, Format format = Format::Text) {
    Options options;
    options.files.paths = {(system.folder() / "files").string()};
    options.store_url = system.store_url();
    if (ask == Ask::ClusterToo) options.cluster = kube::ConnectionOptions{system.kubeconfig(), ""};
    options.cluster_id = cluster_id;
    options.format = format;
    out.str("");
    err.str("");
    return plan(options, {out, err});
  }
  // The one resource of the JSON form, its fields as an object.
  Json one(Ask ask = Ask::ClusterToo) {
    run(ask, Format::Json);
    Json resource = Json::parse(out.str()).at("resources").at(0);
    Json fields = Json::object();
    for (const Json& field : resource.at("fields"))
      fields[field.at("field").get<std::string>()] = {
          field.at("before"), field.contains("afterUnknown") ? Json(kUnknownHere) : field.at("after")};
    resource["fields"] = fields;
    return resource;
  }
  store::FeedPosition position() { return system.store().feed_end().value(); }

  static constexpr const char* kUnknownHere = "unknown";
  System system;
  std::string cluster_id;
  Json billing = make_user("billing", {{"scopes", {"documents"}}, {"description", "exports"}});
  std::ostringstream out, err;
};

INSTANTIATE_TEST_SUITE_P(Stores, PreviewTest, testing::Values(StoreForm::Sqlite, StoreForm::Postgres),
                         [](const auto& store) {
                           return store.param == StoreForm::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(PreviewTest, WhatIsAppliedAlreadyWouldChangeNothing) {
  write("billing.yaml", {billing, make_scope("documents")});
  for (const Ask ask : {Ask::StoreOnly, Ask::ClusterToo}) {
    EXPECT_EQ(run(ask), kNothing) << out.str() << err.str();
    EXPECT_THAT(out.str(), HasSubstr("0 to create, 0 to change, 2 unchanged, 0 blocked"));
  }
  EXPECT_THAT(out.str(), HasSubstr("Secrets were not read"));
}

TEST_P(PreviewTest, AChangeIsToldByFieldIsNotMadeAndIsWhatTheControllerThenDoes) {
  billing["spec"]["description"] = "imports";
  billing["spec"]["scopes"] = {"finance"};
  billing["spec"]["tags"] = {"nightly"};
  write("billing.yaml", {billing});
  const auto before = position();
  for (const Ask ask : {Ask::StoreOnly, Ask::ClusterToo}) {
    EXPECT_EQ(run(ask), kChanges) << err.str();
    EXPECT_THAT(out.str(), AllOf(HasSubstr("~ IntegrationUser apps/billing"), HasSubstr("billing.yaml:4"),
                                 HasSubstr("description: \"exports\" -> \"imports\""),
                                 HasSubstr("scopes: +finance -documents"), HasSubstr("tags: +nightly"),
                                 HasSubstr("1 to change"), Not(HasSubstr("\x1b"))));
    const Json resource = one(ask);
    EXPECT_EQ(resource.at("action"), "update");
    EXPECT_EQ(resource.at("fields"), Json({{"description", {"exports", "imports"}},
                                           {"scopes", {Json{"documents"}, Json{"finance"}}},
                                           {"tags", {Json::array(), Json{"nightly"}}}}));
  }
  EXPECT_EQ(position(), before) << "a plan is read-only";
  system.merge("billing", {{"spec", billing["spec"]}});
  system.eventually("the plan came true", [&] { return run() == kNothing; });
}

TEST_P(PreviewTest, AScopeThatIsNotAmongTheFilesIsThatOfTheStore) {
  write("billing.yaml", {billing, make_scope("finance")});
  for (const Ask ask : {Ask::StoreOnly, Ask::ClusterToo})
    EXPECT_EQ(run(ask), kNothing) << out.str() << err.str();
}

TEST_P(PreviewTest, WhatIsNewIsToldWithWhatIsOnlyKnownAfterwards) {
  write("new.yaml", {make_user("fresh", {{"scopes", {"documents", "ledger"}}}), make_scope("ledger"),
                     make_scope("documents")});
  EXPECT_EQ(run(), kChanges) << out.str();
  EXPECT_THAT(out.str(), AllOf(HasSubstr("+ Scope ledger"), HasSubstr("+ IntegrationUser apps/fresh"),
                               HasSubstr("userID: (known after apply)"), HasSubstr("2 to create")));
  EXPECT_LT(out.str().find("Scope ledger"), out.str().find("apps/fresh")) << "a scope comes first";
  write("new.yaml", {make_user("fresh", {{"scopes", {"documents", "unheard"}}})});
  const Json resource = one(Ask::StoreOnly);
  EXPECT_EQ(resource.at("fields").at("scopes"), Json({nullptr, Json{"documents"}}));
  EXPECT_EQ(resource.at("fields").at("clientID"), Json({nullptr, kUnknownHere}));
  EXPECT_EQ(resource.at("fields").at("credential"), Json({nullptr, kUnknownHere}));
  EXPECT_THAT(resource.at("notes").dump(), HasSubstr("unheard is not in the catalogue"));
}

TEST_P(PreviewTest, ARotationThatIsAskedForIsToldWithTheOverlapOfTheOneBefore) {
  billing["metadata"]["annotations"] = {{"identity.neostella.com/rotate", "now"}};
  billing["spec"]["credentials"]["rotation"] = {{"overlap", "2h"}};
  write("billing.yaml", {billing});
  EXPECT_EQ(run(), kChanges);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("-> (known after apply)"), HasSubstr("accepted for another 2h"),
                               HasSubstr("spec.credentials.rotation changes; the store keeps nothing of it")))
      << out.str();
}

TEST_P(PreviewTest, AHoldOfTheLiveResourceIsKnownWithTheClusterAndNoChange) {
  system.merge("billing",
               {{"metadata", {{"annotations", {{"identity.neostella.com/deactivated", "leaked"}}}}}});
  system.eventually("the hold is stored", [&] {
    const store::IdentityRef ref{{api::Kind::IntegrationUser, "apps", "billing"}, std::nullopt};
    const auto clusters = system.store().clusters().value();
    return system.store().observe(clusters.front(), {&ref, 1})->identities.front().own->hold.has_value();
  });
  write("billing.yaml", {billing});
  EXPECT_EQ(run(), kNothing) << out.str();
  EXPECT_EQ(run(Ask::StoreOnly), kNothing) << out.str();
}

TEST_P(PreviewTest, DriftThatOutsideHandsMadeIsWhatApplyingWouldPutBack) {
  system.stop_controller();
  system.outside("UPDATE " + system.users_table() + " SET description = 'mine'");
  write("billing.yaml", {billing});
  EXPECT_EQ(one().at("fields"), Json({{"description", {"mine", "exports"}}}));
}

TEST_P(PreviewTest, AResourceThatWouldStallIsBlockedAndAnError) {
  write("thief.yaml",
        {make_user("thief", {{"adopt", {{"userID", "00000000-0000-4000-8000-000000000009"}}}})});
  EXPECT_EQ(run(), kFailed);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("! IntegrationUser apps/thief"), HasSubstr("not in the store"),
                               HasSubstr("1 blocked")))
      << out.str() << err.str();
}

TEST_P(PreviewTest, InvalidFilesAreToldAsValidateTellsThemAndNothingIsAsked) {
  billing["spec"]["scope"] = {"documents"};
  write("billing.yaml", {billing});
  EXPECT_EQ(run(), kFailed);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("billing.yaml:"), HasSubstr("unknown field \"spec.scope\""),
                               HasSubstr("[unknown-field]")));
}

TEST_P(PreviewTest, WhichClusterIsMeantIsAskedWhereSeveralShareTheStore) {
  write("billing.yaml", {billing});
  ASSERT_TRUE(
      system.store().claim(ClusterId(std::string("00000000-0000-4000-8000-00000000000c")), 1, "other"));
  EXPECT_EQ(run(Ask::StoreOnly), kFailed);
  EXPECT_THAT(err.str(), HasSubstr("2 clusters share this store: say with --cluster-id or --kubeconfig"));
  EXPECT_EQ(run(Ask::ClusterToo), kNothing);
  cluster_id = "00000000-0000-4000-8000-00000000000c";
  EXPECT_EQ(run(Ask::StoreOnly), kChanges) << "it is new to that one";
  EXPECT_EQ(run(Ask::ClusterToo), kFailed);
}

TEST_P(PreviewTest, AStoreThatCannotBeReachedIsAnErrorWithoutItsPassword) {
  write("billing.yaml", {billing});
  Options options;
  options.files.paths = {(system.folder() / "files").string()};
  options.store_url = "postgres://neoid:hunter2@127.0.0.1:1/none";
  EXPECT_EQ(plan(options, {out, err}), kFailed);
  EXPECT_THAT(err.str(), AllOf(HasSubstr("cannot connect"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace neoid::preview
