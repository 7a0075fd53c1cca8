// Our own CRDs: a real server's checks accept them, and every rule has a case that it lets pass and one that it
// refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "reconcile/value/patch.h"
#include "recordings_support.h"

namespace neoid::schema {
namespace {

const std::map<std::string, Crd>& contracts() {
  static const std::map<std::string, Crd> loaded = [] {
    std::map<std::string, Crd> out;
    for (const char* file : {"integrationusers", "scopes", "systemintegrationusers"})
      for (const Json& object : testing::read_yaml_file(std::string("crd/") + file + ".yaml")) {
        auto crd = load_crd(object);
        if (crd) {
          const std::string kind = crd->names.kind;
          out.emplace(kind, std::move(*crd));
        } else {
          ADD_FAILURE() << file << ::testing::PrintToString(testing::cause_texts(crd.error()));
        }
      }
    return out;
  }();
  return loaded;
}

const CompiledSchema& schema_of(const std::string& kind) { return contracts().at(kind).versions[0].schema; }

// The least that is valid.
Json base(const std::string& kind) {
  Json object = {{"apiVersion", "identity.neostella.com/v1"}, {"kind", kind}, {"metadata", {{"name", "a"}}}};
  object["spec"] = {{"displayName", "A"}};
  if (kind == "Scope") object["spec"]["tool"] = "Documents";
  if (kind == "SystemIntegrationUser")
    object["spec"]["credentials"] = {{"secretRef", {{"namespace", "platform"}, {"name", "a"}}}};
  return object;
}

std::string long_text(std::size_t size) { return std::string(size, 'x'); }

std::string list_of(int count) {
  std::string out = "[";
  for (int i = 0; i < count; ++i) out += (i == 0 ? "\"s" : ",\"s") + std::to_string(i) + "\"";
  return out + "]";
}

struct Case {
  std::string kind;
  std::string what;
  std::string change;        // a merge patch on the least valid object
  std::string refused = "";  // "field: message" of the error; empty: accepted
  std::string before = "";   // a merge patch that makes the stored object; empty: there is none
};

const char* const kIu = "IntegrationUser";
const char* const kSiu = "SystemIntegrationUser";
const char* const kScope = "Scope";

void check(const Case& test) {
  SCOPED_TRACE(test.kind + ": " + test.what);
  const CompiledSchema& schema = schema_of(test.kind);
  const Json object = apply_merge_patch(base(test.kind), Json::parse(test.change));
  testing::Written written;
  if (test.before.empty()) {
    written = testing::write(schema, object);
  } else {
    const Json stored =
        testing::write(schema, apply_merge_patch(base(test.kind), Json::parse(test.before))).object;
    written = testing::write(schema, object, &stored);
  }
  std::vector<std::string> got;
  for (const FieldError& error : written.errors) got.push_back(error.text());
  EXPECT_EQ(written.unknown, std::vector<std::string>());
  if (test.refused.empty()) {
    EXPECT_EQ(got, std::vector<std::string>());
  } else {
    EXPECT_THAT(got, ::testing::Contains(::testing::StartsWith(test.refused)));
  }
}

TEST(Contracts, NamesAndColumnsAreAsDocumented) {
  const Crd& user = contracts().at(kIu);
  EXPECT_EQ(user.name, "integrationusers.identity.neostella.com");
  EXPECT_EQ(user.names.short_names, std::vector<std::string>{"iu"});
  EXPECT_EQ(user.names.categories, std::vector<std::string>{"neoid"});
  EXPECT_EQ(user.scope, Scope::Namespaced);
  const Crd& system = contracts().at(kSiu);
  EXPECT_EQ(system.names.short_names, std::vector<std::string>{"siu"});
  EXPECT_TRUE(system.names.categories.empty());
  EXPECT_EQ(system.scope, Scope::Cluster);
  EXPECT_EQ(contracts().at(kScope).names.short_names, std::vector<std::string>{"iscope"});
  for (const Crd* crd : {&user, &system}) {
    std::vector<std::string> columns;
    for (const PrinterColumn& column : crd->versions[0].columns)
      columns.push_back(column.name + (column.priority > 0 ? " (wide)" : ""));
    EXPECT_EQ(columns, (std::vector<std::string>{"Display Name", "Description", "Scopes", "Active",
                                                 "Last Updated", "Ready", "Client ID (wide)", "Secret (wide)",
                                                 "Tags (wide)", "Age (wide)"}));
  }
  for (const auto& [kind, crd] : contracts()) {
    EXPECT_EQ(crd.group, "identity.neostella.com");
    EXPECT_EQ(crd.preferred_version(), "v1");
    EXPECT_TRUE(crd.versions[0].status_subresource) << kind;
  }
}

TEST(Contracts, FillInDefaults) {
  const testing::Written user = testing::write(schema_of(kIu), base(kIu));
  EXPECT_EQ(user.object["spec"],
            Json::parse(R"({"displayName": "A", "active": true, "deletionPolicy": "Delete",
    "managementPolicy": "Enforce", "credentials": {"source": "Generate", "keys": {"clientID": "client_id",
    "clientSecret": "client_secret", "tokenURL": "token_url", "issuer": "issuer", "scopes": "scopes"}}})"));
  EXPECT_EQ(user.object["status"], Json::parse(R"({"observedGeneration": -1})"));
  EXPECT_TRUE(user.errors.empty());
  const testing::Written scope = testing::write(schema_of(kScope), base(kScope));
  EXPECT_EQ(scope.object["spec"]["allowedNamespaces"], Json::parse(R"({"from": "All"})"));
  EXPECT_EQ(scope.object["status"], Json::parse(R"({"observedGeneration": -1})"));
}

// Every sentence of `kubectl explain` is one.
void expect_described(const Structural& node, const std::string& path) {
  EXPECT_TRUE(node.description.ends_with('.')) << path << ": " << node.description;
  for (const auto& [name, property] : node.properties)
    if (!path.empty() || name != "metadata") expect_described(property, path + "." + name);
  if (node.items) expect_described(*node.items, path + "[]");
  if (node.additional) expect_described(*node.additional, path + "{}");
}

TEST(Contracts, DescribeEveryFieldInASentence) {
  for (const auto& [kind, crd] : contracts()) expect_described(crd.versions[0].schema.structural(), "");
}

TEST(Contracts, UseOnlyWhatTheOldestServerKnows) {
  for (const char* file : {"integrationusers", "scopes", "systemintegrationusers"})
    for (const Json& object : testing::read_yaml_file(std::string("crd/") + file + ".yaml")) {
      const auto read = read_crd(object, cel::kOldestVersion);
      ASSERT_TRUE(read.has_value());
      EXPECT_EQ(read->unknown_fields, std::vector<std::string>()) << file;
      EXPECT_TRUE(load_crd(object, cel::kNewestVersion).has_value()) << file;
    }
}

TEST(Contracts, QuickstartIsValid) {
  int resources = 0;
  for (const char* file : {"20-scopes", "30-integrationusers", "40-systemintegrationuser"})
    for (const Json& object : testing::read_yaml_file(std::string("examples/quickstart/") + file + ".yaml")) {
      const testing::Written written = testing::write(schema_of(object.at("kind")), object);
      EXPECT_EQ(testing::cause_texts(written.errors), std::vector<std::string>()) << object.dump();
      EXPECT_EQ(written.unknown, std::vector<std::string>());
      ++resources;
    }
  EXPECT_EQ(resources, 6);
}

TEST(Contracts, RulesOfIntegrationUsers) {
  const std::string uuid = "0c1d2e3f-0000-4000-8000-0123456789ab",
                    other = "0c1d2e3f-0000-4000-8000-0123456789ac";
  const auto adopt = [](const std::string& id) { return R"({"spec":{"adopt":{"userID":")" + id + R"("}}})"; };
  const auto scopes = [](const std::string& list) { return R"({"spec":{"scopes":)" + list + "}}"; };
  const auto tags = [](const std::string& list) { return R"({"spec":{"tags":)" + list + "}}"; };
  const auto rotation = [](const std::string& text) {
    return R"({"spec":{"credentials":{"rotation":)" + text + "}}}";
  };
  const auto keys = [](const std::string& text) {
    return R"({"spec":{"credentials":{"keys":)" + text + "}}}";
  };
  const auto named = [](const std::string& name) { return R"({"metadata":{"name":")" + name + R"("}})"; };
  const std::vector<Case> cases = {
      {kIu, "a name of 63 characters", named(long_text(63))},
      {kIu, "a name of 64 characters", named(long_text(64)),
       "<nil>: Invalid value: \"object\": metadata.name may not"},
      {kIu, "no spec", R"({"spec":null})", "spec: Required value"},
      {kIu, "no display name", R"({"spec":{"displayName":null}})", "spec.displayName: Required value"},
      {kIu, "an empty display name", R"({"spec":{"displayName":""}})",
       "spec.displayName: Invalid value: \"\""},
      {kIu, "a display name of 120", R"({"spec":{"displayName":")" + long_text(120) + "\"}}"},
      {kIu, "a display name of 121", R"({"spec":{"displayName":")" + long_text(121) + "\"}}",
       "spec.displayName: Too long"},
      {kIu, "a description of 1024", R"({"spec":{"description":")" + long_text(1024) + "\"}}"},
      {kIu, "a description of 1025", R"({"spec":{"description":")" + long_text(1025) + "\"}}",
       "spec.description: Too long"},
      {kIu, "inactive", R"({"spec":{"active":false}})"},
      {kIu, "active as a word", R"({"spec":{"active":"no"}})", "spec.active: Invalid value: \"string\""},
      {kIu, "no scopes", scopes("[]")},
      {kIu, "scopes with dots", scopes(R"(["documents.read","contacts"])")},
      {kIu, "64 scopes", scopes(list_of(64))},
      {kIu, "65 scopes", scopes(list_of(65)), "spec.scopes: Too many: 65"},
      {kIu, "a scope twice", scopes(R"(["a","b","a"])"),
       "spec.scopes: Invalid value: \"array\": scopes must not name a scope twice"},
      {kIu, "a scope in capitals", scopes(R"(["Documents"])"),
       "spec.scopes[0]: Invalid value: \"Documents\""},
      {kIu, "32 tags", tags(list_of(32))},
      {kIu, "33 tags", tags(list_of(33)), "spec.tags: Too many: 33"},
      {kIu, "a tag twice", tags(R"(["a","a"])"), "spec.tags[1]: Duplicate value: \"a\""},
      {kIu, "an empty tag", tags(R"([""])"), "spec.tags[0]: Invalid value: \"\""},
      {kIu, "a tag of 64 characters", tags("[\"" + long_text(64) + "\"]"), "spec.tags[0]: Too long"},
      {kIu, "a Secret's name", R"({"spec":{"credentials":{"secretName":"my.secret"}}})"},
      {kIu, "a bad Secret's name", R"({"spec":{"credentials":{"secretName":"My_Secret"}}})",
       "spec.credentials.secretName: Invalid value"},
      {kIu, "the Secret's name as before", R"({"spec":{"credentials":{"secretName":"b"}}})", "",
       R"({"spec":{"credentials":{"secretName":"b"}}})"},
      {kIu, "the default name spelled out", R"({"spec":{"credentials":{"secretName":"a-oauth"}}})", "", "{}"},
      {kIu, "the default name left out again", "{}", "",
       R"({"spec":{"credentials":{"secretName":"a-oauth"}}})"},
      {kIu, "another Secret", R"({"spec":{"credentials":{"secretName":"c"}}})",
       "<nil>: Invalid value: \"object\": the name of the Secret",
       R"({"spec":{"credentials":{"secretName":"b"}}})"},
      {kIu, "a Secret's name given later", R"({"spec":{"credentials":{"secretName":"c"}}})",
       "<nil>: Invalid value: \"object\": the name of the Secret", "{}"},
      {kIu, "a Secret's name removed", "{}", "<nil>: Invalid value: \"object\": the name of the Secret",
       R"({"spec":{"credentials":{"secretName":"b"}}})"},
      {kIu, "source Reference", R"({"spec":{"credentials":{"source":"Reference"}}})"},
      {kIu, "an unknown source", R"({"spec":{"credentials":{"source":"Copy"}}})",
       "spec.credentials.source: Unsupported value: \"Copy\""},
      {kIu, "the source stays", R"({"spec":{"credentials":{"source":"Reference"}}})", "",
       R"({"spec":{"credentials":{"source":"Reference"}}})"},
      {kIu, "the source changes", R"({"spec":{"credentials":{"source":"Reference"}}})",
       "spec.credentials.source: Invalid value: \"string\": source is immutable", "{}"},
      {kIu, "the source is removed", "{}",
       "spec.credentials.source: Invalid value: \"string\": source is immutable",
       R"({"spec":{"credentials":{"source":"Reference"}}})"},
      {kIu, "rotation with Reference", R"({"spec":{"credentials":{"source":"Reference","rotation":{}}}})",
       "spec.credentials: Invalid value: \"object\": rotation is not possible with source Reference"},
      {kIu, "rotation with Generate", R"({"spec":{"credentials":{"source":"Generate","rotation":{}}}})"},
      {kIu, "other keys", keys(R"({"clientID":"ID","previousClientSecret":"client_secret.old"})")},
      {kIu, "a key with a space", keys(R"({"clientID":"client id"})"),
       "spec.credentials.keys.clientID: Invalid value"},
      {kIu, "a key twice", keys(R"({"clientID":"client_secret"})"),
       "spec.credentials.keys: Invalid value: \"object\": the names of the keys must differ"},
      {kIu, "the last two keys alike", keys(R"({"issuer":"scopes"})"),
       "spec.credentials.keys: Invalid value: \"object\": the names of the keys must differ"},
      {kIu, "the previous secret in the key of the secret",
       keys(R"({"previousClientSecret":"client_secret"})"),
       "spec.credentials.keys: Invalid value: \"object\": the names of the keys must differ"},
      {kIu, "an interval", rotation(R"({"interval":"2160h"})")},
      {kIu, "an interval in three units", rotation(R"({"interval":"1h30m15.5s","overlap":"20m"})")},
      {kIu, "exactly an hour", rotation(R"({"interval":"60m"})")},
      {kIu, "less than an hour", rotation(R"({"interval":"59m59s"})"),
       "spec.credentials.rotation.interval: Invalid value: \"string\": interval must be at least 1h"},
      {kIu, "days", rotation(R"({"interval":"90d"})"),
       "spec.credentials.rotation.interval: Invalid value: \"90d\""},
      {kIu, "weeks", rotation(R"({"interval":"2 weeks"})"),
       "spec.credentials.rotation.interval: Invalid value"},
      {kIu, "a negative interval", rotation(R"({"interval":"-5h"})"), "spec.credentials.rotation.interval"},
      {kIu, "an interval beyond measure", rotation(R"({"interval":"999999h999999h999999h"})"),
       "spec.credentials.rotation.interval: Too long"},
      {kIu, "the longest interval", rotation(R"({"interval":"999999h999999h99999h"})")},
      {kIu, "an overlap alone", rotation(R"({"overlap":"24h"})")},
      {kIu, "overlap shorter than interval", rotation(R"({"interval":"2h","overlap":"119m"})")},
      {kIu, "overlap as long as interval", rotation(R"({"interval":"2h","overlap":"120m"})"),
       "spec.credentials.rotation: Invalid value: \"object\": overlap must be shorter than interval"},
      {kIu, "a bad overlap", rotation(R"({"interval":"2h","overlap":"1d"})"),
       "spec.credentials.rotation.overlap: Invalid value: \"1d\""},
      {kIu, "Deactivate", R"({"spec":{"deletionPolicy":"Deactivate"}})"},
      {kIu, "an unknown deletion policy", R"({"spec":{"deletionPolicy":"Keep"}})",
       "spec.deletionPolicy: Unsupported"},
      {kIu, "Observe", R"({"spec":{"managementPolicy":"Observe"}})"},
      {kIu, "an unknown policy", R"({"spec":{"managementPolicy":"Off"}})",
       "spec.managementPolicy: Unsupported value"},
      {kIu, "adoption at creation", adopt(uuid)},
      {kIu, "adoption of something else", adopt("A-1"), "spec.adopt.userID: Invalid value: \"A-1\""},
      {kIu, "adoption of nobody", R"({"spec":{"adopt":{}}})", "spec.adopt.userID: Required value"},
      {kIu, "adoption stays", adopt(uuid), "", adopt(uuid)},
      {kIu, "adoption later", adopt(uuid), "<nil>: Invalid value: \"object\": spec.adopt can be given", "{}"},
      {kIu, "adoption of another", adopt(uuid), "<nil>: Invalid value: \"object\": spec.adopt can be given",
       adopt(other)},
      {kIu, "adoption removed", "{}", "<nil>: Invalid value: \"object\": spec.adopt can be given",
       adopt(uuid)},
      {kIu, "a status",
       R"({"status":{"observedGeneration":3,"credentials":{"versions":[{"number":1},{"number":2}]},
        "conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z","reason":"Ready",
        "message":""}]}})"},
      {kIu, "a condition twice", R"({"status":{"conditions":[
        {"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z","reason":"R","message":""},
        {"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z","reason":"R","message":""}]}})",
       "status.conditions[1]: Duplicate value"},
  };
  for (const Case& test : cases) check(test);
}

TEST(Contracts, RulesOfSystemIntegrationUsers) {
  const std::string moved = R"({"spec":{"credentials":{"secretRef":{"name":"b"}}}})";
  const std::vector<Case> cases = {
      {kSiu, "the least", "{}"},
      {kSiu, "a name of 64 characters", R"({"metadata":{"name":")" + long_text(64) + "\"}}",
       "<nil>: Invalid value: \"object\": metadata.name may not be longer"},
      {kSiu, "no credentials", R"({"spec":{"credentials":null}})", "spec.credentials: Required value"},
      {kSiu, "no Secret", R"({"spec":{"credentials":{"secretRef":null}}})",
       "spec.credentials.secretRef: Required value"},
      {kSiu, "a Secret without a namespace", R"({"spec":{"credentials":{"secretRef":{"namespace":null}}}})",
       "spec.credentials.secretRef.namespace: Required value"},
      {kSiu, "a bad namespace", R"({"spec":{"credentials":{"secretRef":{"namespace":"a.b"}}}})",
       "spec.credentials.secretRef.namespace: Invalid value"},
      {kSiu, "the Secret stays", "{}", "", "{}"},
      {kSiu, "another Secret", moved,
       "spec.credentials.secretRef: Invalid value: \"object\": secretRef is immutable", "{}"},
      {kSiu, "a scope twice", R"({"spec":{"scopes":["a","a"]}})",
       "spec.scopes: Invalid value: \"array\": scopes must"},
      {kSiu, "the source changes", R"({"spec":{"credentials":{"source":"Reference"}}})",
       "spec.credentials.source: Invalid value: \"string\": source is immutable", "{}"},
      {kSiu, "rotation with Reference", R"({"spec":{"credentials":{"source":"Reference","rotation":{}}}})",
       "spec.credentials: Invalid value: \"object\": rotation is not possible"},
      {kSiu, "a key twice", R"({"spec":{"credentials":{"keys":{"clientID":"issuer"}}}})",
       "spec.credentials.keys: Invalid value: \"object\": the names of the keys must differ"},
      {kSiu, "overlap as long as interval",
       R"({"spec":{"credentials":{"rotation":{"interval":"2h","overlap":"2h"}}}})",
       "spec.credentials.rotation: Invalid value: \"object\": overlap must be shorter"},
  };
  for (const Case& test : cases) check(test);
  const testing::Written written = testing::write(
      schema_of(kSiu),
      apply_merge_patch(base(kSiu), Json::parse(R"({"spec":{"active":false,"adopt":{"userID":"x"},
        "deletionPolicy":"Delete","managementPolicy":"Observe","credentials":{"secretName":"x"}}})")));
  EXPECT_EQ(written.unknown,
            (std::vector<std::string>{"spec.active", "spec.adopt", "spec.credentials.secretName",
                                      "spec.deletionPolicy", "spec.managementPolicy"}));
}

TEST(Contracts, RulesOfScopes) {
  const auto namespaces = [](const std::string& text) {
    return R"({"spec":{"allowedNamespaces":)" + text + "}}";
  };
  const auto expression = [&](const std::string& text) {
    return namespaces(R"({"from":"Selector","selector":{"matchExpressions":[)" + text + "]}}");
  };
  const std::string wrong_values =
      "spec.allowedNamespaces.selector.matchExpressions[0]: Invalid value: \"object\": values are required";
  const std::vector<Case> cases = {
      {kScope, "the least", "{}"},
      {kScope, "no tool", R"({"spec":{"tool":null}})", "spec.tool: Required value"},
      {kScope, "an empty tool", R"({"spec":{"tool":""}})", "spec.tool: Invalid value"},
      {kScope, "permissions", R"({"spec":{"permissions":[{"resource":"documents","actions":["read"]}]}})"},
      {kScope, "a permission without actions",
       R"({"spec":{"permissions":[{"resource":"documents","actions":[]}]}})",
       "spec.permissions[0].actions: Invalid value: 0"},
      {kScope, "a permission of nothing", R"({"spec":{"permissions":[{"actions":["read"]}]}})",
       "spec.permissions[0].resource: Required value"},
      {kScope, "deprecated", R"({"spec":{"deprecated":{}}})"},
      {kScope, "replaced", R"({"spec":{"deprecated":{"replacement":"b"}}})"},
      {kScope, "replaced by itself", R"({"spec":{"deprecated":{"replacement":"a"}}})",
       "<nil>: Invalid value: \"object\": a scope cannot be replaced by itself"},
      {kScope, "some namespaces",
       namespaces(R"({"from":"Selector","selector":{"matchLabels":{"a.b/c":"d"}}})")},
      {kScope, "a selector is missing", namespaces(R"({"from":"Selector"})"),
       "spec.allowedNamespaces: Invalid value: \"object\": selector is required"},
      {kScope, "a selector that is not asked for", namespaces(R"({"selector":{}})"),
       "spec.allowedNamespaces: Invalid value: \"object\": selector is required"},
      {kScope, "an unknown origin", namespaces(R"({"from":"Same"})"),
       "spec.allowedNamespaces.from: Unsupported value"},
      {kScope, "an expression", expression(R"({"key":"a","operator":"In","values":["b"]})")},
      {kScope, "In without values", expression(R"({"key":"a","operator":"In"})"), wrong_values},
      {kScope, "Exists", expression(R"({"key":"a","operator":"Exists"})")},
      {kScope, "Exists with values", expression(R"({"key":"a","operator":"Exists","values":["b"]})"),
       wrong_values},
      {kScope, "an unknown operator", expression(R"({"key":"a","operator":"Gt","values":["1"]})"),
       "spec.allowedNamespaces.selector.matchExpressions[0].operator: Unsupported value"},
  };
  for (const Case& test : cases) check(test);
}

}  // namespace
}  // namespace neoid::schema
