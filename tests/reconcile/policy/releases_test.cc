// A rule of a released version is never tightened: on a server without ratcheting, a stored object that breaks the new
// rule can no longer be labelled, nor its finalizer removed, and its deletion hangs. Each object that a release took is
// taken through create, update, removal of its finalizer and deletion, under the CRDs as they are now.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "reconcile/api/embedded.h"
#include "reconcile/api/user.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/policy/admission.h"
#include "reconcile/schema/crd.h"
#include "reconcile/value/yaml.h"

namespace neoid::policy {
namespace {

namespace fs = std::filesystem;
using Complaints = std::vector<std::string>;
using Crds = std::map<std::string, schema::Crd>;

Json crd_text(std::string_view file) {
  for (const api::EmbeddedFile& one : api::embedded_crd())
    if (one.name == file) return parse_yaml(one.text).value();
  return nullptr;
}

Crds current_crds() {
  Crds crds;
  for (const char* file : {"integrationusers.yaml", "scopes.yaml", "systemintegrationusers.yaml"}) {
    auto crd = schema::load_crd(crd_text(file));
    EXPECT_TRUE(crd.has_value()) << file;
    if (crd) crds.emplace(crd->names.kind, std::move(*crd));
  }
  return crds;
}

// One life of a stored object; what the server said against it, with the step.
class Life {
 public:
  Life(const schema::Crd& crd, const Json& object)
      : crd_(crd), version_(crd.versions.at(0)), given_(object) {}

  Complaints live() {
    Json stored = read(given_);
    stored["metadata"]["uid"] = "11111111-1111-4111-8111-111111111111";
    stored["metadata"]["resourceVersion"] = "1";
    stored["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z";
    write("create", stored, nullptr);

    Json labelled = stored;
    labelled["metadata"]["labels"]["touched"] = "yes";
    labelled["metadata"]["finalizers"] = {api::kFinalizer};
    write("add a label and the finalizer", labelled, &stored);

    Json changed = labelled;
    changed["spec"]["displayName"] = "Changed";
    changed["metadata"]["annotations"][std::string(api::annotation::kRetire)] = "true";
    write("change the spec", changed, &labelled);

    Json with_status = changed;
    with_status["status"]["observedGeneration"] = 1;
    write("write the status", with_status, &changed);

    Json deleting = with_status;
    deleting["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z";
    AdmissionFacts facts;
    facts.operation = AdmissionOperation::Delete;
    facts.kind = *api::parse_kind(crd_.names.kind);
    facts.name = meta::name_of(deleting);
    facts.user = "platform";
    facts.old_object = &with_status;
    const auto verdict = judge_admission(facts, {{"platform"}, {}});
    if (!verdict.allowed) complaints_.push_back("delete: " + verdict.message);

    Json released = deleting;
    released["metadata"]["finalizers"] = Json::array();
    write("remove the finalizer", released, &deleting);
    return complaints_;
  }

 private:
  // From storage: pruned and completed, as every reading of a server is.
  Json read(const Json& object) {
    Json read = object;
    for (const std::string& field : version_.schema.prune(read))
      complaints_.push_back("the field " + field + " is no longer known");
    version_.schema.apply_defaults(read);
    return read;
  }

  void write(const char* step, const Json& object, const Json* old) {
    const meta::MetaRules rules{crd_.scope == schema::Scope::Namespaced, meta::NameRule::Subdomain};
    auto metadata = old == nullptr ? meta::validate_object_meta(object, rules)
                                   : meta::validate_object_meta_update(object, *old);
    for (const FieldError& error : version_.schema.validate(read(object), old, std::move(metadata)))
      complaints_.push_back(fmt::format("{}: {}", step, error.text()));
  }

  const schema::Crd& crd_;
  const schema::Version& version_;
  const Json& given_;
  Complaints complaints_;
};

struct Kept {
  std::string release;
  std::string file;
  Json object;
};

std::vector<Kept> kept_objects() {
  std::vector<Kept> kept;
  for (const auto& entry : fs::recursive_directory_iterator(NEOID_SOURCE_DIR "/tests/golden/releases")) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto documents = read_yaml(text);
    EXPECT_TRUE(documents.has_value()) << entry.path();
    if (!documents) continue;
    for (const Document& document : *documents)
      kept.push_back(
          {entry.path().parent_path().filename().string(), entry.path().filename().string(), document.value});
  }
  return kept;
}

TEST(Releases, WhatAReleaseTookCanBeChangedAndDeletedForEver) {
  const Crds crds = current_crds();
  const auto kept = kept_objects();
  std::map<std::string, int> of_kind;
  for (const Kept& one : kept) {
    const std::string kind = one.object.at("kind");
    ++of_kind[kind];
    ASSERT_TRUE(crds.contains(kind)) << one.file;
    EXPECT_EQ(Life(crds.at(kind), one.object).live(), Complaints())
        << one.release << "/" << one.file << " " << kind << " " << meta::name_of(one.object);
  }
  EXPECT_GE(of_kind["IntegrationUser"], 6);
  EXPECT_GE(of_kind["SystemIntegrationUser"], 3);
  EXPECT_GE(of_kind["Scope"], 6);
}

// The test above would notice: every limit that is made one narrower refuses something that is kept.
TEST(Releases, ATighterRuleIsNoticed) {
  const struct {
    const char* file;
    const char* pointer;  // below openAPIV3Schema/properties
    Json value;
  } cases[] = {
      {"integrationusers.yaml", "/spec/properties/displayName/maxLength", 119},
      {"integrationusers.yaml", "/spec/properties/description/maxLength", 1023},
      {"integrationusers.yaml", "/spec/properties/displayName/minLength", 2},
      {"integrationusers.yaml", "/spec/properties/scopes/maxItems", 63},
      {"integrationusers.yaml", "/spec/properties/scopes/items/maxLength", 252},
      {"integrationusers.yaml", "/spec/properties/tags/maxItems", 31},
      {"integrationusers.yaml", "/spec/properties/tags/items/maxLength", 62},
      {"integrationusers.yaml", "/spec/properties/credentials/properties/secretName/maxLength", 252},
      {"integrationusers.yaml", "/spec/properties/deletionPolicy/enum", {"Delete"}},
      {"integrationusers.yaml", "/spec/properties/managementPolicy/enum", {"Enforce"}},
      {"integrationusers.yaml", "/spec/required", {"displayName", "description"}},
      {"systemintegrationusers.yaml", "/spec/properties/displayName/maxLength", 119},
      {"systemintegrationusers.yaml", "/spec/properties/scopes/maxItems", 63},
      {"scopes.yaml", "/spec/properties/tool/maxLength", 119},
      {"scopes.yaml", "/spec/properties/permissions/maxItems", 63},
      {"scopes.yaml", "/spec/properties/permissions/items/properties/actions/maxItems", 31},
  };
  const auto kept = kept_objects();
  for (const auto& c : cases) {
    Json text = crd_text(c.file);
    Json& properties = text["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    const Json::json_pointer pointer(c.pointer);
    ASSERT_TRUE(properties.contains(pointer)) << c.file << c.pointer;
    properties[pointer] = c.value;
    const auto crd = schema::load_crd(text);
    ASSERT_TRUE(crd.has_value()) << c.pointer << crd.error().at(0).text();
    const bool noticed = std::any_of(kept.begin(), kept.end(), [&](const Kept& one) {
      return one.object.at("kind") == crd->names.kind && !Life(*crd, one.object).live().empty();
    });
    EXPECT_TRUE(noticed) << c.file << c.pointer;
  }
}

}  // namespace
}  // namespace neoid::policy
