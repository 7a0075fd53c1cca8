#include "controller/apiserver/write_rules.h"

#include <set>

#include <fmt/format.h>

#include "controller/base/random.h"
#include "reconcile/base/time.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

// Everything that makes a new generation when it changes.
Json counted_part(const ResourceInfo& resource, const Json& object) {
  Json part = object;
  part.erase("metadata");
  if (resource.status) part.erase("status");
  return part;
}

void take_over(Json& object, const Json& old, const char* member) {
  if (const auto found = old.find(member); found != old.end()) {
    object[member] = *found;
  } else {
    object.erase(member);
  }
}

void store_version(Json& crd) {
  for (const Json& version : crd["spec"].value("versions", Json::array())) {
    if (version.value("storage", Json()) != Json(true)) continue;
    Json& stored = crd["status"]["storedVersions"];
    if (!stored.is_array()) stored = Json::array();
    bool known = false;
    for (const Json& name : stored) known = known || name == version["name"];
    if (!known) stored.push_back(version["name"]);
  }
}

std::vector<FieldError> validate_custom(const ResourceInfo& resource, const Json& object, const Json* old,
                                        std::vector<FieldError> before) {
  if (object["kind"] != resource.kind)
    return {{FieldErrorType::Invalid, "kind", go_value(object["kind"]), "must be " + resource.kind}};
  return resource.crd_version->schema.validate(object, old, std::move(before));
}

std::vector<FieldError> validate_crd(const Json& object, const Json* old) {
  auto loaded = schema::load_crd(object, {}, old);
  return loaded ? std::vector<FieldError>{} : std::move(loaded.error());
}

void append(std::vector<FieldError>& errors, std::vector<FieldError> more) {
  for (FieldError& error : more) errors.push_back(std::move(error));
}

}  // namespace

void fit_storage_version(const ResourceInfo& resource, Json& object) {
  if (!resource.custom) return;
  const schema::Version& stored = resource.crd->storage_version();
  if (&stored != resource.crd_version) stored.schema.prune(object);
}

bool is_crd(const ResourceInfo& resource) {
  return resource.stored_as == "customresourcedefinitions.apiextensions.k8s.io";
}

bool is_being_deleted(const Json& object) {
  return !text_at(object["metadata"], "deletionTimestamp").empty();
}

bool has_finalizers(const Json& object) {
  const auto found = object["metadata"].find("finalizers");
  return found != object["metadata"].end() && found->is_array() && !found->empty();
}

void wipe_system_fields(Json& object) {
  for (const char* name :
       {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"})
    object["metadata"].erase(name);
}

Answer<void> match_namespace(const ResourceInfo& resource, const std::string& ns, Json& object) {
  Json& metadata = object["metadata"];
  const std::string own = text_at(metadata, "namespace");
  if (!resource.namespaced) {
    metadata.erase("namespace");
    return {};
  }
  if (!own.empty() && own != ns)
    return refuse(
        bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  metadata["namespace"] = ns;
  return {};
}

Answer<void> match_name(const std::string& name, const Json& object) {
  const std::string own = text_at(object["metadata"], "name");
  if (own.empty())
    return refuse(bad_request(fmt::format(
        "the name of the object ({} based on URL) was undeterminable: name must be provided", name)));
  if (own != name)
    return refuse(bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", own, name)));
  return {};
}

void drop_duplicate_owners(Call& call, Json& object) {
  const auto owners = object["metadata"].find("ownerReferences");
  if (owners == object["metadata"].end() || !owners->is_array()) return;
  std::set<std::string> seen;
  std::vector<std::string> twice;
  Json kept = Json::array();
  for (Json& owner : *owners) {
    const std::string uid = text_at(owner, "uid");
    if (seen.insert(owner.dump(-1, ' ', false, Json::error_handler_t::replace)).second) {
      kept.push_back(std::move(owner));
    } else {
      twice.push_back(uid);
    }
  }
  if (!twice.empty())
    call.warn(fmt::format(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, "
        "and "
        "may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        fmt::join(twice, ", ")));
  *owners = std::move(kept);
}

std::string generate_name(const std::string& prefix) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  constexpr std::size_t kMaxBase = 63 - 5;
  std::string name = prefix.substr(0, kMaxBase);
  for (const std::uint8_t byte : random_array<5>()) name.push_back(kLetters[byte % kLetters.size()]);
  return name;
}

void prepare_create(const ResourceInfo& resource, Json& object, Instant now) {
  Json& metadata = object["metadata"];
  metadata.erase("deletionTimestamp");
  metadata.erase("deletionGracePeriodSeconds");
  if (resource.generation) {
    metadata["generation"] = 1;
  }
  if (resource.status_is_separate) object.erase("status");
  // What a server stores without a status has the schema's default of it whenever it is read.
  if (resource.status_is_separate && resource.custom) resource.crd_version->schema.apply_defaults(object);
  if (is_crd(resource)) {
    object["status"] = resource.blank["status"];
    store_version(object);
  }
  metadata["uid"] = random_uuid();
  metadata["creationTimestamp"] = format_time(now);
  if (text_at(metadata, "name").empty() && !text_at(metadata, "generateName").empty())
    metadata["name"] = generate_name(text_at(metadata, "generateName"));
  if (resource.strategy.prepare_create != nullptr) resource.strategy.prepare_create(object);
  if (resource.stored_as == "namespaces") resource.strategy.complete(object);
}

std::vector<FieldError> validate_create(const ResourceInfo& resource, Json& object) {
  std::vector<FieldError> errors = meta::validate_object_meta(
      object, {.namespaced = resource.namespaced, .name = resource.strategy.names});
  if (resource.custom) return validate_custom(resource, object, nullptr, std::move(errors));
  if (is_crd(resource)) {
    std::erase_if(errors, [](const FieldError& error) { return error.field == "metadata.name"; });
    append(errors, validate_crd(object, nullptr));
  } else if (resource.strategy.validate != nullptr) {
    append(errors, resource.strategy.validate(resource.conversion.to_stored != nullptr
                                                  ? resource.conversion.to_stored(object)
                                                  : object));
  }
  return errors;
}

void prepare_update(const ResourceInfo& resource, Endpoint endpoint, Json& object, const Json& old) {
  const Json& old_metadata = old["metadata"];
  if (endpoint == Endpoint::Status) {
    const Json status = object.value("status", Json());
    Json metadata = object["metadata"];
    const Json kind = object["kind"];
    object = old;
    object["kind"] = kind;
    if (status.is_null() && is_crd(resource)) {
      object["status"] = resource.blank["status"];
    } else if (status.is_null()) {
      object.erase("status");
      if (resource.custom) resource.crd_version->schema.apply_defaults(object);
    } else {
      object["status"] = status;
    }
    if (resource.custom) {
      take_over(object["metadata"], metadata, "managedFields");
      take_over(object["metadata"], metadata, "resourceVersion");
    } else {
      object["metadata"] = std::move(metadata);
    }
  } else if (endpoint == Endpoint::Finalize) {
    const Json finalizers = object["spec"].value("finalizers", Json::array());
    Json metadata = object["metadata"];
    object = old;
    object["metadata"] = std::move(metadata);
    object["spec"]["finalizers"] = finalizers;
    if (finalizers.empty()) object["spec"] = Json::object();
  } else {
    if (resource.status_is_separate) take_over(object, old, "status");
    if (is_crd(resource)) store_version(object);
    if (resource.strategy.prepare_update != nullptr) resource.strategy.prepare_update(object, old);
  }
  Json& metadata = object["metadata"];
  take_over(metadata, old_metadata, "generation");
  metadata.erase("selfLink");
  for (const char* name : {"uid", "creationTimestamp"})
    if (text_at(metadata, name).empty()) take_over(metadata, old_metadata, name);
  if (is_being_deleted(old)) {
    metadata["deletionTimestamp"] = old_metadata["deletionTimestamp"];
    if (old_metadata.contains("deletionGracePeriodSeconds") &&
        !metadata.contains("deletionGracePeriodSeconds"))
      metadata["deletionGracePeriodSeconds"] = old_metadata["deletionGracePeriodSeconds"];
  }
  if (resource.generation && counted_part(resource, object) != counted_part(resource, old))
    metadata["generation"] = old_metadata.value("generation", std::int64_t{0}) + 1;
}

std::vector<FieldError> validate_update(const ResourceInfo& resource, Endpoint endpoint, Json& object,
                                        const Json& old) {
  // A real server checks the metadata of an update twice, and tells twice.
  std::vector<FieldError> errors = meta::validate_object_meta_update(object, old);
  append(errors, meta::validate_object_meta_update(object, old));
  if (resource.custom) return validate_custom(resource, object, &old, std::move(errors));
  if (is_crd(resource)) {
    if (endpoint == Endpoint::Main) append(errors, validate_crd(object, &old));
    return errors;
  }
  if (endpoint != Endpoint::Main) return errors;
  const bool converted = resource.conversion.to_stored != nullptr;
  const Json stored = converted ? resource.conversion.to_stored(object) : Json();
  const Json stored_old = converted ? resource.conversion.to_stored(old) : Json();
  const Json& judged = converted ? stored : object;
  if (resource.strategy.validate_update != nullptr)
    append(errors, resource.strategy.validate_update(judged, converted ? stored_old : old));
  if (resource.strategy.validate != nullptr) append(errors, resource.strategy.validate(judged));
  return errors;
}

ApiError invalid_object(const ResourceInfo& resource, const Json& object,
                        const std::vector<FieldError>& errors) {
  GroupResource kind = resource.group_kind();
  if (resource.custom && object["kind"].is_string()) kind.resource = object["kind"].get<std::string>();
  return invalid(kind, text_at(object["metadata"], "name"), errors);
}

}  // namespace neoid::apiserver
