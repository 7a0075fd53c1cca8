#include "controller/manifests/apply_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/base/crypto.h"

namespace neoid::manifests {
namespace {

const kube::ResourceType kConfigMaps{"", "v1", "configmaps", true};
constexpr const char* kIdLabel = "applyset.kubernetes.io/id";
constexpr const char* kMemberLabel = "applyset.kubernetes.io/part-of";
constexpr const char* kTooling = "applyset.kubernetes.io/tooling";
constexpr const char* kGroupKinds = "applyset.kubernetes.io/contains-group-kinds";
constexpr std::size_t kMostProblems = 200;  // told one by one
constexpr int kPage = 500;

// The ID that KEP-3659 derives from the parent's name.
std::string set_id(const kube::ObjectName& parent) {
  const Sha256 digest = sha256(fmt::format("{}.{}.ConfigMap.", parent.name, parent.ns));
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return "applyset-" + base64url(bytes) + "-v1";
}

std::set<std::string> split(std::string_view list) {
  std::set<std::string> words;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) words.emplace(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return words;
}

bool was_applied_by_us(const Json& metadata) {
  for (const Json& entry : metadata.value("managedFields", Json::array()))
    if (entry.value("manager", "") == kFieldManager && entry.value("operation", "") == "Apply") return true;
  return false;
}

std::string problem_lines(const std::vector<Problem>& problems) {
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), kMostProblems); ++i) {
    const Problem& problem = problems[i];
    text += problem.where.empty() ? problem.message : problem.where + ": " + problem.message;
    text += '\n';
  }
  if (problems.size() > kMostProblems) text += fmt::format("and {} more\n", problems.size() - kMostProblems);
  return text;
}

}  // namespace

std::string group_kind(const std::string& group, const std::string& kind) {
  return group.empty() ? kind : kind + "." + group;
}

ApplySet::ApplySet(const kube::Client& client, kube::ObjectName parent)
    : client_(client), parent_(std::move(parent)), id_(set_id(parent_)) {}

Result<void> ApplySet::load() {
  const auto found = client_.get(kConfigMaps, parent_);
  there_ = found.has_value();
  kinds_.clear();
  data_ = nullptr;
  if (!found && found.error().kind == ErrorKind::NotFound) return {};
  if (!found) return fail(found.error());
  const Json annotations = found->value("/metadata/annotations"_json_pointer, Json::object());
  kinds_ = split(annotations.value(kGroupKinds, ""));
  data_ = found->value("data", Json());
  return {};
}

Result<void> ApplySet::write(const std::set<std::string>& kinds, const Json& data) {
  Json body = {
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata",
       {{"name", parent_.name},
        {"namespace", parent_.ns},
        {"labels", {{kIdLabel, id_}}},
        {"annotations", {{kTooling, "neoid/v1"}, {kGroupKinds, fmt::format("{}", fmt::join(kinds, ","))}}}}}};
  if (!data.is_null()) body["data"] = data;
  kube::WriteOptions options;
  options.field_manager = kFieldManager;
  options.force = true;
  NEOID_TRY_VOID(client_.patch(kConfigMaps, parent_, kube::PatchType::Apply, body, options));
  kinds_ = kinds;
  data_ = data;
  there_ = true;
  return {};
}

Result<void> ApplySet::add_kinds(const std::set<std::string>& kinds) {
  if (there_ && std::includes(kinds_.begin(), kinds_.end(), kinds.begin(), kinds.end())) return {};
  std::set<std::string> all = kinds_;
  all.insert(kinds.begin(), kinds.end());
  return write(all, data_);
}

Json ApplySet::labelled(Json object) const {
  Json& labels = object["metadata"]["labels"];
  if (!labels.is_object()) labels = Json::object();
  labels[kMemberLabel] = id_;
  return object;
}

Result<std::vector<Member>> ApplySet::members(const Kinds& kinds) const {
  std::vector<Member> members;
  kube::Selection selection;
  selection.label_selector = std::string(kMemberLabel) + "=" + id_;
  selection.metadata_only = true;
  for (const std::string& name : kinds_) {
    const std::size_t dot = name.find('.');
    const std::string kind = name.substr(0, dot);
    const std::string group = dot == std::string::npos ? "" : name.substr(dot + 1);
    const auto type = kinds.find_group_kind(group, kind);
    if (!type) continue;  // its CRD is gone, and its objects with it
    std::string next;
    do {
      NEOID_TRY(const kube::ListPage page, client_.list(*type, selection, kPage, next));
      for (const Json& item : page.items) {
        const Json& metadata = item.at("metadata");
        members.push_back({{group, kind, metadata.value("namespace", ""), metadata.value("name", "")},
                           metadata.value("uid", ""),
                           was_applied_by_us(metadata),
                           metadata.contains("deletionTimestamp")});
      }
      next = page.continue_token;
    } while (!next.empty());
  }
  return members;
}

Result<void> ApplySet::tell(const Report& report) {
  const Json data = {{"folder", report.folder},
                     {"state", report.problems.empty() ? "InSync" : "Problems"},
                     {"objects", std::to_string(report.objects)},
                     {"problems", problem_lines(report.problems)}};
  if (there_ && data == data_) return {};
  return write(kinds_, data);
}

}  // namespace neoid::manifests
