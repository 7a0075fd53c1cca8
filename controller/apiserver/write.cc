#include "controller/apiserver/write.h"

#include <fmt/format.h>

#include "controller/apiserver/auth/escalation.h"
#include "controller/apiserver/decode.h"
#include "controller/apiserver/serve.h"
#include "controller/apiserver/write_rules.h"
#include "reconcile/base/time.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

using Phase = Webhooks::Phase;

constexpr int kWriteRetries = 5;
constexpr auto kEventLife = std::chrono::hours(1);

std::optional<Instant> expiry_of(const Core& core, const ResourceInfo& resource) {
  if (resource.stored_as != "events") return std::nullopt;
  return core.clock.now() + kEventLife;
}

// Nobody hands out rights that he has not got.
Answer<void> check_escalation(const Core& core, const Call& call, const Json& object, const Json* old) {
  if (call.resource->group != "rbac.authorization.k8s.io") return {};
  const auto rbac = core.authorizer.snapshot();
  const bool binding = call.resource->plural.ends_with("bindings");
  const auto checked = binding ? auth::check_binding_write(*rbac, call.user, object, old)
                               : auth::check_role_write(*rbac, call.user, object, old);
  if (checked) return {};
  if (checked.error().kind == ErrorKind::NotFound)
    return refuse(not_found(
        {call.resource->group, text_at(object["roleRef"], "kind") == "Role" ? "roles" : "clusterroles"},
        text_at(object["roleRef"], "name")));
  ApiError error{403, "Forbidden", checked.error().message,
                 Json{{"name", text_at(object["metadata"], "name")},
                      {"group", call.resource->group},
                      {"kind", call.resource->plural}}};
  return refuse(std::move(error));
}

ApiError generated_name_conflict(const ResourceInfo& resource, const std::string& name) {
  ApiError error = already_exists(resource.group_resource(), name);
  error.message += ", the server was not able to generate a unique name for the object";
  error.details["retryAfterSeconds"] = 1;
  return error;
}

ApiError existing_error(const Core& core, const ResourceInfo& resource, const storage::ObjectKey& key,
                        const Json& object) {
  const std::string name = key.name;
  if (!text_at(object["metadata"], "generateName").empty()) return generated_name_conflict(resource, name);
  ApiError error = already_exists(resource.group_resource(), name);
  const auto existing = core.storage.get(key);
  if (existing && is_being_deleted(*existing->value()))
    error.message = "object is being deleted: " + error.message;
  return error;
}

void tell(const Core& core, const storage::ObjectKey& key, const Json* before, const Json* after) {
  if (core.changed) core.changed(Change{key, before, after});
}

}  // namespace

ApiError storage_error(const ResourceInfo& resource, std::string_view name, const Error& error) {
  const GroupResource about = resource.group_resource();
  switch (error.kind) {
    case ErrorKind::NotFound: return not_found(about, name);
    case ErrorKind::Conflict:
      if (error.reason == "AlreadyExists") return already_exists(about, name);
      if (error.reason == "Expired") return expired(error.message);
      return conflict(about, name, kModified);
    case ErrorKind::Timeout: {
      ApiError late{504, "Timeout", "Timeout: " + error.message, Json{{"retryAfterSeconds", 1}}};
      return late;
    }
    case ErrorKind::Unavailable: return unavailable(error.message);
    case ErrorKind::Invalid: return too_large(error.message);
    case ErrorKind::Denied:
    case ErrorKind::Internal: break;
  }
  return internal_error(error.message);
}

Endpoint endpoint_of(const Call& call) {
  if (call.path.subresource == "status") return Endpoint::Status;
  return call.path.subresource == "finalize" ? Endpoint::Finalize : Endpoint::Main;
}

apply::Writer writer_of(const Core& core, const Call& call, const WriteOptions& options) {
  apply::Writer writer;
  writer.manager = apply::field_manager(options.field_manager, call.request.header("User-Agent"));
  writer.api_version = call.resource->api_version();
  writer.subresource = call.path.subresource;
  writer.now = core.clock.now();
  const ResourceInfo& resource = *call.resource;
  if (resource.custom) {
    writer.reset_fields = endpoint_of(call) == Endpoint::Status ? apply::status_reset_fields()
                                                                : apply::main_reset_fields(resource.status);
  } else if (resource.status_is_separate || resource.strategy.prepare_create != nullptr) {
    if (endpoint_of(call) == Endpoint::Status) {
      writer.reset_fields = apply::FieldSet::of_names({{"spec"}});
    } else if (resource.status) {
      writer.reset_fields = apply::FieldSet::of_names({{"status"}});
    }
  }
  return writer;
}

Answer<void> check_namespace(const Core& core, const Call& call, std::string_view ns, std::string_view name) {
  if (!call.resource->namespaced) return {};
  const auto found = core.storage.get({"namespaces", "", std::string(ns)});
  if (!found) return refuse(not_found({"", "namespaces"}, ns));
  const auto value = found->value();
  if (!is_being_deleted(*value)) return {};
  ApiError error = forbidden(
      call.resource->group_resource(), name,
      fmt::format("unable to create new content in namespace {} because it is being terminated", ns));
  error.details["causes"] =
      Json::array({Json{{"reason", "NamespaceTerminating"},
                        {"message", fmt::format("namespace {} is being terminated", ns)},
                        {"field", "metadata.namespace"}}});
  return refuse(std::move(error));
}

Answer<Written> create_object(const Core& core, Call& call, Json object, const WriteOptions& options,
                              Managed managed) {
  const ResourceInfo& resource = *call.resource;
  wipe_system_fields(object);
  if (auto matched = match_namespace(resource, call.path.ns, object); !matched)
    return refuse(matched.error());
  drop_duplicate_owners(call, object);
  if (managed == Managed::No && resource.types) {
    object = apply::manage_update(resource.blank, std::move(object), writer_of(core, call, options),
                                  *resource.types);
  }
  const std::string given_name = text_at(object["metadata"], "name");
  if (auto open = check_namespace(core, call, call.path.ns, given_name); !open) return refuse(open.error());
  auto admitted =
      admit(core, call, Phase::Mutate, "CREATE", given_name, std::move(object), nullptr, options.dry_run);
  if (!admitted) return refuse(admitted.error());
  object = std::move(*admitted);
  prepare_create(resource, object, core.clock.now());
  const std::string name = text_at(object["metadata"], "name");
  if (const auto errors = validate_create(resource, object); !errors.empty())
    return refuse(invalid_object(resource, object, errors));
  if (auto fine = check_escalation(core, call, object, nullptr); !fine) return refuse(fine.error());
  auto judged = admit(core, call, Phase::Validate, "CREATE", name, object, nullptr, options.dry_run);
  if (!judged) return refuse(judged.error());
  const auto version = object["metadata"].find("resourceVersion");
  if (version != object["metadata"].end() && *version != "0" && *version != "")
    return refuse(untyped("resourceVersion should not be set on objects to be created"));
  object["metadata"].erase("resourceVersion");
  fit_storage_version(resource, object);
  const storage::ObjectKey key = resource.key(call.path.ns, name);
  if (options.dry_run) {
    if (core.storage.get(key)) return refuse(existing_error(core, resource, key, object));
    return Written{std::move(object), true};
  }
  Json stored_value = to_stored(resource, object);
  auto stored = core.storage.create(key, std::move(stored_value), expiry_of(core, resource));
  if (!stored) {
    if (stored.error().reason == "AlreadyExists") return refuse(existing_error(core, resource, key, object));
    return refuse(storage_error(resource, name, stored.error()));
  }
  object["metadata"]["resourceVersion"] = std::to_string(stored->revision());
  if (core.changed) {
    const auto value = stored->value();
    tell(core, key, nullptr, value.get());
  }
  return Written{std::move(object), true};
}

namespace {

struct Attempt {
  bool again = false;  // somebody else was faster
  Written written;
};

Answer<void> check_version(const ResourceInfo& resource, std::string_view name, Json& object,
                           storage::Revision existing, bool patch) {
  const std::string text = text_at(object["metadata"], "resourceVersion");
  std::int64_t version = 0;
  if (!text.empty()) {
    const auto parsed = parse_resource_version(text);
    if (!parsed) {
      return refuse(untyped(fmt::format("strconv.ParseUint: parsing {}: invalid syntax", go_quote(text))));
    }
    version = *parsed;
  }
  if (version == 0 && (resource.unconditional_update || patch)) return {};
  if (version == 0)
    return refuse(invalid(
        resource.group_resource(), name,
        {{FieldErrorType::Invalid, "metadata.resourceVersion", "0x0", "must be specified for an update"}}));
  if (version != existing) return refuse(conflict(resource.group_resource(), name, kModified));
  return {};
}

ApiError wrong_uid(const ResourceInfo& resource, const Call& call, std::string_view wanted,
                   std::string_view found) {
  const std::string key =
      resource.namespaced
          ? fmt::format("{}/{}/{}", resource.registry_path, call.path.ns, call.path.name_in_path)
          : fmt::format("{}/{}", resource.registry_path, call.path.name_in_path);
  return conflict(
      resource.group_resource(), call.path.name_in_path,
      fmt::format("StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, "
                  "AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in object "
                  "meta: {}",
                  key, wanted, found));
}

Answer<Attempt> update_existing(const Core& core, Call& call, const UpdateRequest& request,
                                const WriteOptions& options, const storage::StoredObject& existing) {
  const ResourceInfo& resource = *call.resource;
  const std::string& name = call.path.name_in_path;
  const Json live = serve(resource, existing);
  if (!request.uid.empty() && request.uid != text_at(live["metadata"], "uid"))
    return refuse(wrong_uid(resource, call, request.uid, text_at(live["metadata"], "uid")));
  auto made = request.make(live, true);
  if (!made) return refuse(made.error());
  Json object = std::move(*made);
  const bool patch = request.retry;
  if (auto fits = check_version(resource, name, object, existing.revision(), patch); !fits)
    return refuse(fits.error());
  drop_duplicate_owners(call, object);
  if (request.managed == Managed::No && resource.types)
    object = apply::manage_update(live, std::move(object), writer_of(core, call, options), *resource.types);
  auto admitted = admit(core, call, Phase::Mutate, "UPDATE", name, std::move(object), &live, options.dry_run);
  if (!admitted) return refuse(admitted.error());
  object = std::move(*admitted);
  prepare_update(resource, request.endpoint, object, live);
  object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"];
  if (const auto errors = validate_update(resource, request.endpoint, object, live); !errors.empty())
    return refuse(invalid_object(resource, object, errors));
  if (auto fine = check_escalation(core, call, object, &live); !fine) return refuse(fine.error());
  auto judged = admit(core, call, Phase::Validate, "UPDATE", name, object, &live, options.dry_run);
  if (!judged) return refuse(judged.error());
  fit_storage_version(resource, object);
  object = apply::keep_times_of_noop(live, std::move(object));
  const auto finalizers = object["metadata"].find("finalizers");
  if (finalizers != object["metadata"].end() && finalizers->empty()) object["metadata"].erase("finalizers");
  const bool gone =
      is_being_deleted(object) && !has_finalizers(object) &&
      (resource.stored_as != "namespaces" || object["spec"].value("finalizers", Json::array()).empty());
  if (options.dry_run) return Attempt{false, {std::move(object), false}};
  const storage::ObjectKey& key = existing.key();
  if (gone) {
    const auto erased = core.storage.erase(key, existing.revision());
    if (!erased && erased.error().reason == "Conflict") return Attempt{true, {}};
    if (!erased) return refuse(storage_error(resource, name, erased.error()));
    const auto before = existing.value();
    tell(core, key, before.get(), nullptr);
    return Attempt{false, {std::move(object), false}};
  }
  auto stored =
      core.storage.update(key, to_stored(resource, object), existing.revision(), expiry_of(core, resource));
  if (!stored && stored.error().reason == "Conflict") return Attempt{true, {}};
  if (!stored) return refuse(storage_error(resource, name, stored.error()));
  object["metadata"]["resourceVersion"] = std::to_string(stored->revision());
  if (core.changed && stored->revision() != existing.revision()) {
    const auto before = existing.value();
    const auto after = stored->value();
    tell(core, key, before.get(), after.get());
  }
  return Attempt{false, {std::move(object), false}};
}

}  // namespace

Answer<Written> update_object(const Core& core, Call& call, const UpdateRequest& request,
                              const WriteOptions& options) {
  const ResourceInfo& resource = *call.resource;
  const std::string& name = call.path.name_in_path;
  const storage::ObjectKey key = resource.key(call.path.ns, name);
  for (int attempt = 0;; ++attempt) {
    const auto existing = core.storage.get(key);
    if (!existing) {
      if (existing.error().kind != ErrorKind::NotFound)
        return refuse(storage_error(resource, name, existing.error()));
      if (!request.uid.empty()) return refuse(wrong_uid(resource, call, request.uid, ""));
      if (!request.may_create) return refuse(not_found(resource.group_resource(), name));
      const Json none = {{"apiVersion", resource.api_version()}, {"kind", resource.kind}};
      auto made = request.make(none, false);
      if (!made) return refuse(made.error());
      return create_object(core, call, std::move(*made), options, request.managed);
    }
    auto tried = update_existing(core, call, request, options, *existing);
    if (!tried) return refuse(tried.error());
    if (!tried->again) return std::move(tried->written);
    if (!request.retry || attempt == kWriteRetries)
      return refuse(conflict(resource.group_resource(), name, kModified));
  }
}

http::Response handle_create(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const auto options = read_write_options(call.request, WriteKind::Create);
  if (const auto type = body_type(call.request.header("Content-Type")); !type)
    return respond_error(call, type.error());
  if (!options) return respond_error(call, options.error());
  auto object = decode_body(call, options->validation);
  if (!object) return respond_error(call, object.error());
  auto written = create_object(core, call, std::move(*object), *options);
  if (!written) return respond_error(call, written.error());
  return respond_object(core, call, 201, written->object);
}

http::Response handle_update(const Core& core, Call& call) {
  if (call.path.name_in_path.empty()) return respond_error(call, bad_request("name must be provided"));
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  if (const auto type = body_type(call.request.header("Content-Type")); !type)
    return respond_error(call, type.error());
  const auto options = read_write_options(call.request, WriteKind::Update);
  if (!options) return respond_error(call, options.error());
  auto object = decode_body(call, options->validation);
  if (!object) return respond_error(call, object.error());
  if (auto fits = match_namespace(*call.resource, call.path.ns, *object); !fits)
    return respond_error(call, fits.error());
  if (auto fits = match_name(call.path.name_in_path, *object); !fits)
    return respond_error(call, fits.error());
  UpdateRequest request;
  request.endpoint = endpoint_of(call);
  request.uid = text_at((*object)["metadata"], "uid");
  request.may_create = call.resource->create_on_update && request.endpoint == Endpoint::Main;
  // A PUT that names no version takes whatever is there, also when it changes meanwhile.
  request.make = [&](const Json&, bool) -> Answer<Json> { return *object; };
  auto written = update_object(core, call, request, *options);
  if (!written) return respond_error(call, written.error());
  return respond_object(core, call, written->created ? 201 : 200, written->object);
}

}  // namespace neoid::apiserver
