#include "controller/apiserver/apply/managed_fields.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "controller/apiserver/apply/typed.h"
#include "controller/apiserver/apply/updater.h"

namespace neoid::apply {
namespace {

constexpr std::size_t kMaxUpdaters = 10;
constexpr std::size_t kMaxManagerBytes = 128;
constexpr std::string_view kAncientChanges = "ancient-changes";

const Json& metadata_member(const Json& object, const char* name) {
  static const Json none;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return none;
  const auto found = metadata->find(name);
  return found == metadata->end() ? none : *found;
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// [{}]: the client asks for managedFields to be forgotten.
bool is_reset(const Json& managed_fields) {
  if (!managed_fields.is_array() || managed_fields.size() != 1 || !managed_fields[0].is_object())
    return false;
  return std::ranges::all_of(
      managed_fields[0], [](const Json& value) { return value.is_null() || value.empty() || value == ""; });
}

Managed managed_of(const Json& live, const Json& updated, bool through_subresource) {
  if (!through_subresource) {
    const Json& sent = metadata_member(updated, "managedFields");
    if (is_reset(sent)) return {};
    if (std::optional<Managed> read = decode_managed(sent); read && !read->entries.empty())
      return std::move(*read);
  }
  return decode_managed(metadata_member(live, "managedFields")).value_or(Managed());
}

std::int64_t seconds_of(const Managed& managed, const std::string& identity) {
  const auto found = managed.times.find(identity);
  if (found == managed.times.end()) return 0;
  const std::optional<Instant> time = parse_time(found->second);
  if (!time) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count();
}

// The oldest updaters of one version become one entry.
void cap_updaters(Managed& managed) {
  std::vector<std::string> updaters;
  for (const auto& [identity, entry] : managed.entries)
    if (!entry.applied) updaters.push_back(identity);
  std::size_t count = updaters.size();
  if (count <= kMaxUpdaters) return;
  std::ranges::sort(updaters, [&](const std::string& a, const std::string& b) {
    return std::pair(seconds_of(managed, a), a) < std::pair(seconds_of(managed, b), b);
  });
  std::map<std::string, std::string> first_of_version;
  for (const std::string& identity : updaters) {
    if (count <= kMaxUpdaters) return;
    const ManagedEntry entry = managed.entries.at(identity);
    const auto first = first_of_version.emplace(entry.api_version, identity);
    if (first.second) continue;
    const std::string bucket = manager_identity(kAncientChanges, "Update", entry.api_version, "");
    if (!managed.entries.contains(bucket)) {
      auto node = managed.entries.extract(first.first->second);
      node.key() = bucket;
      managed.entries.insert(std::move(node));
    }
    ManagedEntry& merged = managed.entries.at(bucket);
    merged.fields = merged.fields.united(entry.fields);
    if (identity != bucket) managed.entries.erase(identity);
    if (const auto time = managed.times.find(identity); time != managed.times.end())
      managed.times[bucket] = std::string(time->second);
    --count;
  }
}

Json without_times(Json entries) {
  if (entries.is_array())
    for (Json& entry : entries)
      if (entry.is_object()) entry.erase("time");
  return entries;
}

}  // namespace

Json manage_update(const Json& live, Json updated, const Writer& writer, const VersionedTypes& types) {
  Managed managed = managed_of(live, updated, !writer.subresource.empty());
  if (auto metadata = updated.find("metadata"); metadata != updated.end() && metadata->is_object())
    metadata->erase("managedFields");
  const bool exists = metadata_member(live, "uid").is_string();
  if (managed.entries.empty() && exists) return updated;  // nobody tracks this object

  const std::string self = "current-operation";
  const Updater updater{types, writer.reset_fields};
  if (updater.update(live, updated, writer.api_version, managed, self)) {
    const auto taken = managed.entries.find(self);
    if (taken != managed.entries.end()) {
      const std::string identity = manager_identity(writer.manager.empty() ? "unknown" : writer.manager,
                                                    "Update", writer.api_version, writer.subresource);
      ManagedEntry entry = std::move(taken->second);
      managed.entries.erase(taken);
      if (const auto before = managed.entries.find(identity); before != managed.entries.end())
        entry.fields = entry.fields.united(before->second.fields);
      managed.entries[identity] = std::move(entry);
      managed.times[identity] = format_time(writer.now);
    }
  }
  cap_updaters(managed);
  set_managed(updated, managed);
  return updated;
}

Json keep_times_of_noop(const Json& live, Json updated) {
  const Json& before = metadata_member(live, "managedFields");
  const Json& after = metadata_member(updated, "managedFields");
  if (!before.is_array() || !after.is_array() || before.size() != after.size() || after.empty())
    return updated;
  if (without_times(before) != without_times(after)) return updated;
  for (const auto& [name, value] : updated.items()) {
    const auto old = live.find(name);
    if (name != "metadata" && (old == live.end() || *old != value)) return updated;
  }
  if (live.size() != updated.size()) return updated;
  Json old_metadata = live["metadata"];
  Json new_metadata = updated["metadata"];
  old_metadata.erase("managedFields");
  new_metadata.erase("managedFields");
  if (old_metadata != new_metadata) return updated;
  updated["metadata"]["managedFields"] = before;
  return updated;
}

FieldSet main_reset_fields(bool has_status_subresource) {
  return has_status_subresource ? FieldSet::of_names({{"status"}}) : FieldSet();
}

FieldSet status_reset_fields() { return FieldSet::of_names({{"spec"}}); }

std::string field_manager(std::string_view option, std::string_view user_agent) {
  if (!option.empty()) return std::string(option);
  std::string_view prefix = user_agent.substr(0, user_agent.find('/'));
  std::string out;
  for (const char c : prefix) {
    if (out.size() == kMaxManagerBytes) break;
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) out.push_back(c);
  }
  return out;
}

std::vector<FieldError> check_field_manager(std::string_view option) {
  std::vector<FieldError> errors;
  if (option.size() > kMaxManagerBytes)
    errors.push_back({FieldErrorType::TooLong, "fieldManager", go_quote(option),
                      fmt::format("must have at most {} bytes", kMaxManagerBytes)});
  for (std::size_t i = 0; i < option.size(); ++i) {
    const auto byte = static_cast<unsigned char>(option[i]);
    if (byte >= 0x20 && byte != 0x7f) continue;
    errors.push_back({FieldErrorType::Invalid, "fieldManager", go_quote(option),
                      fmt::format("invalid character U+{:04X} (at position {})", byte, i)});
    break;
  }
  return errors;
}

std::string manager_identity(std::string_view manager, std::string_view operation,
                             std::string_view api_version, std::string_view subresource) {
  // In this order of members: identities decide ties when entries are sorted.
  const auto quoted = [](std::string_view value) {
    return Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string out = "{";
  const auto member = [&](const char* name, std::string_view value) {
    if (value.empty()) return;
    out += (out.size() > 1 ? "," : "") + quoted(name) + ":" + quoted(value);
  };
  member("manager", manager);
  member("operation", operation);
  if (operation != "Apply") member("apiVersion", api_version);
  member("subresource", subresource);
  return out + "}";
}

std::string print_manager(std::string_view identity) {
  const Json entry = Json::parse(identity, nullptr, false);
  if (!entry.is_object()) return go_quote(identity);
  std::string out = go_quote(text(entry, "manager"));
  if (const std::string subresource = text(entry, "subresource"); !subresource.empty())
    out += " with subresource " + go_quote(subresource);
  if (text(entry, "operation") == "Update") out += " using " + text(entry, "apiVersion");
  return out;
}

std::optional<Managed> decode_managed(const Json& managed_fields) {
  if (managed_fields.is_null()) return Managed();
  if (!managed_fields.is_array()) return std::nullopt;
  Managed managed;
  for (const Json& entry : managed_fields) {
    if (!entry.is_object() || text(entry, "fieldsType") != "FieldsV1") return std::nullopt;
    const std::string operation = text(entry, "operation");
    if (operation != "Apply" && operation != "Update") return std::nullopt;
    const auto written = entry.find("fieldsV1");
    const bool none = written == entry.end() || written->is_null();
    std::optional<FieldSet> fields = none ? FieldSet() : FieldSet::decode(*written);
    if (!fields) return std::nullopt;
    const std::string identity = manager_identity(text(entry, "manager"), operation,
                                                  text(entry, "apiVersion"), text(entry, "subresource"));
    managed.entries[identity] = {std::move(*fields), text(entry, "apiVersion"), operation == "Apply"};
    if (std::string time = text(entry, "time"); !time.empty()) managed.times[identity] = std::move(time);
  }
  return managed;
}

Json encode_managed(const Managed& managed) {
  struct Row {
    Json entry;
    std::int64_t seconds;
    auto key() const {
      return std::tuple(text(entry, "operation"), seconds, text(entry, "manager"), text(entry, "apiVersion"),
                        text(entry, "subresource"));
    }
  };
  std::vector<Row> rows;
  for (const auto& [identity, entry] : managed.entries) {
    Json out = Json::parse(identity, nullptr, false);
    if (!out.is_object()) continue;
    if (!entry.api_version.empty()) out["apiVersion"] = entry.api_version;
    out["operation"] = entry.applied ? "Apply" : "Update";
    out["fieldsType"] = "FieldsV1";
    out["fieldsV1"] = entry.fields.encode();
    if (const auto time = managed.times.find(identity); time != managed.times.end())
      out["time"] = time->second;
    rows.push_back({std::move(out), seconds_of(managed, identity)});
  }
  std::ranges::stable_sort(rows, [](const Row& a, const Row& b) { return a.key() < b.key(); });
  Json out = Json::array();
  for (Row& row : rows) out.push_back(std::move(row.entry));
  return out;
}

Json& set_managed(Json& object, const Managed& managed) {
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  Json entries = encode_managed(managed);
  if (entries.empty())
    metadata.erase("managedFields");
  else
    metadata["managedFields"] = std::move(entries);
  return object;
}

}  // namespace neoid::apply
