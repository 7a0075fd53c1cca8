#include "controller/apiserver/crd_controller.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "controller/apiserver/apply/managed_fields.h"
#include "controller/apiserver/delete.h"
#include "controller/apiserver/well_known.h"
#include "controller/apiserver/write_rules.h"
#include "controller/base/log.h"
#include "reconcile/base/time.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

constexpr const char* kApiVersion = "apiextensions.k8s.io/v1";

bool is_true(const Json& crd, std::string_view type) {
  const Json conditions = crd["status"].value("conditions", Json::array());
  for (const Json& condition : conditions)
    if (text_at(condition, "type") == type) return text_at(condition, "status") == "True";
  return false;
}

// The condition in its place, with a new time where the status changed.
void set_condition(Json& status, std::string_view type, bool value, std::string_view reason,
                   std::string_view message, Instant now) {
  Json& conditions = status["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  const std::string text = value ? "True" : "False";
  for (Json& condition : conditions) {
    if (text_at(condition, "type") != type) continue;
    if (text_at(condition, "status") != text) condition["lastTransitionTime"] = format_time(now);
    condition["status"] = text;
    condition["reason"] = reason;
    condition["message"] = message;
    return;
  }
  conditions.push_back({{"type", type},
                        {"status", text},
                        {"lastTransitionTime", format_time(now)},
                        {"reason", reason},
                        {"message", message}});
}

// Names in use by others of the group, as resources and as kinds.
struct Taken {
  std::set<std::string> resources, kinds;
};

Taken names_of_others(const Json& crd, const std::vector<Json>& all) {
  Taken taken;
  for (const Json& other : all) {
    if (text_at(other["metadata"], "uid") == text_at(crd["metadata"], "uid")) continue;
    if (text_at(other["spec"], "group") != text_at(crd["spec"], "group")) continue;
    const Json names = other["status"].value("acceptedNames", Json::object());
    for (const char* name : {"plural", "singular"})
      if (!text_at(names, name).empty()) taken.resources.insert(text_at(names, name));
    for (const Json& name : names.value("shortNames", Json::array()))
      taken.resources.insert(name.get<std::string>());
    for (const char* name : {"kind", "listKind"})
      if (!text_at(names, name).empty()) taken.kinds.insert(text_at(names, name));
  }
  return taken;
}

// The first to come has the first choice of names.
void sort_by_age(std::vector<storage::StoredObject>& crds) {
  std::vector<std::pair<std::string, storage::StoredObject>> made;
  for (storage::StoredObject& crd : crds)
    made.emplace_back(text_at((*crd.value())["metadata"], "creationTimestamp"), std::move(crd));
  std::stable_sort(made.begin(), made.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < made.size(); ++i) crds[i] = std::move(made[i].second);
}

}  // namespace

// The status of the CRD with its names judged and its conditions set.
Json CrdController::accept_names(const Json& crd, const std::vector<Json>& all) const {
  const Instant now = core_.clock.now();
  Json status = crd["status"];
  const Json& wanted = crd["spec"]["names"];
  Json accepted = status.value("acceptedNames", Json::object());
  const Taken taken = names_of_others(crd, all);
  std::string reason;
  std::string message;
  const auto judge = [&](const char* name, const std::set<std::string>& used, const char* why) {
    const std::string text = text_at(wanted, name);
    if (text.empty()) return;
    if (!used.contains(text)) {
      accepted[name] = text;
      return;
    }
    reason = why;
    message = fmt::format("{} is already in use", go_quote(text));
  };
  judge("plural", taken.resources, "PluralConflict");
  judge("singular", taken.resources, "SingularConflict");
  std::vector<std::string> short_problems;
  for (const Json& name : wanted.value("shortNames", Json::array()))
    if (taken.resources.contains(name.get<std::string>()))
      short_problems.push_back(fmt::format("{} is already in use", go_quote(name.get<std::string>())));
  if (!short_problems.empty()) {
    reason = "ShortNamesConflict";
    message =
        short_problems.size() == 1 ? short_problems[0] : fmt::format("[{}]", fmt::join(short_problems, ", "));
  } else if (wanted.contains("shortNames")) {
    accepted["shortNames"] = wanted["shortNames"];
  } else {
    accepted.erase("shortNames");
  }
  judge("kind", taken.kinds, "KindConflict");
  judge("listKind", taken.kinds, "ListKindConflict");
  if (wanted.contains("categories")) accepted["categories"] = wanted["categories"];
  status["acceptedNames"] = accepted;
  const bool fine = reason.empty();
  set_condition(status, "NamesAccepted", fine, fine ? "NoConflicts" : reason,
                fine ? "no conflicts found" : message, now);
  if (fine) {
    set_condition(status, "Established", true, "InitialNamesAccepted", "the initial names have been accepted",
                  now);
  } else if (!is_true(crd, "Established")) {
    set_condition(status, "Established", false, "NotAccepted", "not all names are accepted", now);
  }
  return status;
}

const CrdController::Loaded* CrdController::load(const storage::StoredObject& stored) {
  const auto value = stored.value();
  const std::string uid = text_at((*value)["metadata"], "uid");
  const std::int64_t generation = (*value)["metadata"].value("generation", std::int64_t{0});
  const auto known = loaded_.find(uid);
  if (known != loaded_.end() && known->second.generation == generation) return &known->second;
  auto crd = schema::load_crd(*value);
  if (!crd) {
    log::error("a stored CRD cannot be served",
               {{"name", stored.key().name}, {"why", crd.error().front().text()}});
    return nullptr;
  }
  Loaded& loaded = loaded_[uid];
  loaded = {stored.revision(), generation, std::make_shared<const schema::Crd>(std::move(*crd)), 0};
  // What was stored before this schema came may not fit it.
  loaded.schema_revision = core_.storage.revision();
  return &loaded;
}

void CrdController::store_status(const storage::StoredObject& stored, Json value) {
  const auto before = stored.value();
  if (value == *before) return;
  const ResourceRef resource = core_.registry.snapshot()->find_stored(kCrds);
  apply::Writer writer;
  writer.manager = "kube-apiserver";
  writer.api_version = kApiVersion;
  writer.subresource = "status";
  writer.now = core_.clock.now();
  Json live = *before;
  for (Json* object : {&live, &value}) {
    (*object)["apiVersion"] = kApiVersion;
    (*object)["kind"] = "CustomResourceDefinition";
  }
  if (resource->types) value = apply::manage_update(live, std::move(value), writer, *resource->types);
  value.erase("apiVersion");
  value.erase("kind");
  const auto written = core_.storage.update(stored.key(), std::move(value), stored.revision());
  if (!written && written.error().reason != "Conflict")
    log::warn("the status of a CRD could not be stored",
              {{"name", stored.key().name}, {"why", written.error().message}});
}

// True once no object is left.
bool CrdController::finish_deletion(const storage::StoredObject& stored, const schema::Crd& crd) {
  const auto kinds = custom_kinds(std::make_shared<const schema::Crd>(crd), 0);
  const std::string stored_as = crd.names.plural + "." + crd.group;
  if (!kinds.empty()) {
    storage::ListOptions list;
    list.resource = stored_as;
    const auto page = core_.storage.list(list);
    if (!page) return false;
    const http::Request none;
    for (const storage::StoredObject& item : page->items) {
      Call call{none, {}, {}, kinds.front()};
      call.path.ns = item.key().ns;
      call.path.name = call.path.name_in_path = item.key().name;
      DeleteOptions options;
      options.past_admission = true;
      (void)delete_object(core_, call, options);
    }
  }
  if (core_.storage.count(stored_as) > 0) return false;
  const auto before = stored.value();
  Json value = *before;
  Json kept = Json::array();
  for (const Json& name : value["metadata"].value("finalizers", Json::array()))
    if (name != kCleanup) kept.push_back(name);
  if (kept.empty()) {
    const auto erased = core_.storage.erase(stored.key(), stored.revision());
    return erased.has_value();
  }
  value["metadata"]["finalizers"] = std::move(kept);
  (void)core_.storage.update(stored.key(), std::move(value), stored.revision());
  return true;
}

bool CrdController::run(Deletions deletions) {
  storage::ListOptions list;
  list.resource = kCrds;
  auto page = core_.storage.list(list);
  if (!page) return true;
  sort_by_age(page->items);
  std::vector<Json> all;
  for (const storage::StoredObject& stored : page->items) all.push_back(*stored.value());
  std::vector<ResourceRef> served;
  bool again = false;
  std::set<std::string> alive;
  for (std::size_t i = 0; i < page->items.size(); ++i) {
    const storage::StoredObject& stored = page->items[i];
    const Loaded* loaded = load(stored);
    if (loaded == nullptr) continue;
    alive.insert(text_at(all[i]["metadata"], "uid"));
    if (is_being_deleted(all[i])) {
      // Reads go on until the objects are gone; creates are refused.
      if (deletions == Deletions::Finish && finish_deletion(stored, *loaded->crd)) {
        all[i]["status"].erase("acceptedNames");
        again = true;  // others may have its names now
        continue;
      }
      again = true;
    } else {
      all[i]["status"] = accept_names(all[i], all);
      store_status(stored, all[i]);
    }
    if (!is_true(all[i], "Established")) continue;
    for (const ResourceRef& kind : custom_kinds(loaded->crd, loaded->schema_revision)) {
      if (!is_being_deleted(all[i])) {
        served.push_back(kind);
        continue;
      }
      auto ending = std::make_shared<ResourceInfo>(*kind);
      ending->terminating = true;
      served.push_back(std::move(ending));
    }
  }
  std::erase_if(loaded_, [&](const auto& entry) { return !alive.contains(entry.first); });
  served_ = std::move(served);
  core_.registry.replace_custom(served_);
  return again;
}

}  // namespace neoid::apiserver
