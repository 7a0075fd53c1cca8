#include "controller/apiserver/apply/server_side_apply.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/apiserver/apply/go_text.h"
#include "controller/apiserver/apply/updater.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid::apply {
namespace {

constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view kKubectl = "kubectl";  // whose applies follow kubectl's own client-side ones
constexpr std::string_view kBeforeFirstApply = "before-first-apply";
constexpr std::size_t kMaxAnnotationBytes = 256 * 1024;

const Json* find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

const Json* metadata_of(const Json& object, const char* name) {
  const Json* metadata = find(object, "metadata");
  return metadata == nullptr ? nullptr : find(*metadata, name);
}

// apiVersion as group and version; both empty where it is not of the form "v" or "g/v".
std::pair<std::string, std::string> group_version(const std::string& api_version) {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string::npos) return {"", api_version};
  if (api_version.find('/', slash + 1) != std::string::npos) return {};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

// "default/a; golden.example.com/v1, Kind=Widget"
std::string name_for_message(const Json& object) {
  const auto [group, version] = group_version(text(find(object, "apiVersion")));
  return fmt::format("{}/{}; {}/{}, Kind={}", text(metadata_of(object, "namespace")),
                     text(metadata_of(object, "name")), group, version, text(find(object, "kind")));
}

Refusal conflict_refusal(const Conflicts& conflicts) {
  std::vector<std::string> lines;
  Json causes = Json::array();
  for (const auto& [identity, fields] : conflicts) {
    const std::string manager = print_manager(identity);
    lines.push_back(fmt::format("conflicts with {}:", manager));
    fields.each([&](const Path& path) {
      lines.push_back("- " + print_path(path));
      causes.push_back({{"reason", "FieldManagerConflict"},
                        {"message", "conflict with " + manager},
                        {"field", print_path(path)}});
    });
  }
  std::string message =
      fmt::format("Apply failed with {} conflicts: {}", causes.size(), fmt::join(lines, "\n"));
  if (causes.size() == 1)
    message = fmt::format("Apply failed with 1 conflict: {}: {}", causes[0]["message"].get<std::string>(),
                          causes[0]["field"].get<std::string>());
  return {409, std::move(message), "Conflict", {{"causes", std::move(causes)}}};
}

const Json* last_applied(const Json& live) {
  const Json* annotations = metadata_of(live, "annotations");
  const Json* value = annotations == nullptr ? nullptr : find(*annotations, kLastApplied);
  return value != nullptr && value->is_string() && !value->get_ref<const std::string&>().empty() ? value
                                                                                                 : nullptr;
}

// Fields that kubectl's client-side apply owns: in its annotation, and unchanged in the live object since.
std::optional<FieldSet> owned_by_last_applied(const Json& live, const std::string& version,
                                              const Type& type) {
  const Json* annotation = last_applied(live);
  if (annotation == nullptr) return std::nullopt;
  const Json applied = Json::parse(annotation->get_ref<const std::string&>(), nullptr, false);
  if (!applied.is_object() || text(find(applied, "apiVersion")) != version ||
      !check_typed(applied, type).empty())
    return std::nullopt;
  const Comparison found = compare(applied, live, type);
  return fields_of(applied, type).without(found.modified).without(found.added).without(found.removed);
}

void refresh_last_applied(Json& object, const Json& configuration) {
  if (last_applied(object) == nullptr) return;
  Json written = configuration;
  if (const auto metadata = written.find("metadata"); metadata != written.end() && metadata->is_object())
    if (const auto annotations = metadata->find("annotations");
        annotations != metadata->end() && annotations->is_object())
      annotations->erase(kLastApplied);
  Json& annotations = object["metadata"]["annotations"];
  annotations[kLastApplied] = to_json(written) + "\n";
  std::size_t bytes = 0;
  for (const auto& [name, value] : annotations.items()) bytes += name.size() + text(&value).size();
  if (bytes > kMaxAnnotationBytes) annotations.erase(kLastApplied);
}

// What can be said of the configuration before anything is merged.
std::optional<Refusal> check_configuration(const Json& configuration, std::string_view kind,
                                           const Writer& writer, const Type& type) {
  const auto [group, version] = group_version(text(find(configuration, "apiVersion")));
  const std::string sent = group.empty() ? version : group + "/" + version;
  if (sent != writer.api_version)
    return Refusal{
        400,
        fmt::format("Incorrect version specified in apply patch. Specified patch version: {}, expected: {}",
                    sent, writer.api_version),
        "BadRequest"};
  if (const Json* managed = metadata_of(configuration, "managedFields");
      managed != nullptr && !managed->is_null())
    return Refusal{400, "metadata.managedFields must be nil", "BadRequest"};
  if (const std::string asked = text(find(configuration, "kind")); asked != kind)
    return Refusal{
        500, fmt::format("failed to create typed patch object ({}): no corresponding type for {}/{}, Kind={}",
                         name_for_message(configuration), group, version, asked)};
  if (const std::string error = check_typed(configuration, type); !error.empty())
    return Refusal{500, fmt::format("failed to create typed patch object ({}): {}",
                                    name_for_message(configuration), error)};
  return std::nullopt;
}

}  // namespace

Outcome<Applied> apply(const Json& live, const Json& configuration, std::string_view kind,
                       const Writer& writer, Force force, const VersionedTypes& types) {
  const Type& type = *types.at(writer.api_version);
  if (std::optional<Refusal> refusal = check_configuration(configuration, kind, writer, type))
    return refuse(std::move(*refusal));
  std::optional<Managed> before =
      decode_managed(metadata_of(live, "managedFields") ? *metadata_of(live, "managedFields") : Json());
  if (!before) return refuse({500, "failed to decode managed fields"});
  if (const std::string error = check_typed(live, type); !error.empty())
    return refuse(
        {500, fmt::format("failed to create typed live object ({}): {}", name_for_message(live), error)});

  Managed managed = std::move(*before);
  const Updater updater{types, writer.reset_fields};
  if (managed.entries.empty() && text(metadata_of(live, "uid")) != "") {
    const std::string self =
        manager_identity(kBeforeFirstApply, "Update", writer.api_version, writer.subresource);
    Json unowned = live;
    unowned["metadata"].erase("managedFields");
    updater.update(Json::object(), unowned, writer.api_version, managed, self);
    if (managed.entries.contains(self)) managed.times[self] = format_time(writer.now);
  }

  const std::string self = manager_identity(writer.manager, "Apply", writer.api_version, writer.subresource);
  const auto attempt = [&](bool forced) {
    Managed after = managed;
    auto merged = updater.apply(live, configuration, writer.api_version, after, self, forced);
    return std::pair(std::move(merged), std::move(after));
  };
  auto [merged, after] = attempt(force == Force::Yes);
  if (!merged && writer.manager == kKubectl) {
    if (const std::optional<FieldSet> allowed = owned_by_last_applied(live, writer.api_version, type)) {
      Conflicts rest;
      for (const auto& [identity, fields] : merged.error())
        if (FieldSet others = fields.without(*allowed); !others.empty()) rest[identity] = std::move(others);
      if (!rest.empty()) return refuse(conflict_refusal(rest));
      std::tie(merged, after) = attempt(true);
    }
  }
  if (!merged) return refuse(conflict_refusal(merged.error()));

  Applied out{merged->changed ? std::move(merged->object) : Json(live), merged->changed};
  if (out.changed) after.times[self] = format_time(writer.now);
  if (writer.manager == kKubectl) refresh_last_applied(out.object, configuration);
  set_managed(out.object, after);
  return out;
}

Outcome<Json> read_apply_configuration(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json::object();
  Result<Json> read = parse_yaml(body);
  if (!read)
    return bad_request("error decoding YAML: error converting YAML to JSON: " +
                       without_place(read.error().message));
  if (read->is_null()) return Json::object();
  if (!read->is_object())
    return bad_request(
        "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal " +
        go_kind(*read) + " into Go value of type map[string]interface {}");
  return std::move(*read);
}

}  // namespace neoid::apply
