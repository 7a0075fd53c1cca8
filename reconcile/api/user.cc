#include "reconcile/api/user.h"

#include <algorithm>
#include <utility>

#include "reconcile/api/member_reader.h"

namespace neoid::api {
namespace {

Result<void> decode_credentials(Kind kind, const Json& spec, UserResource& user) {
  MemberReader spec_reader(spec, "spec");
  MemberReader credentials(spec_reader.object("credentials"), "spec.credentials");
  if (kind == Kind::SystemIntegrationUser) {
    MemberReader ref(credentials.object("secretRef"), "spec.credentials.secretRef");
    user.spec.secret_namespace = ref.text("namespace");
    user.spec.secret_name = ref.text("name");
    NEOID_TRY_VOID(no_error({&ref}));
  } else {
    user.spec.secret_namespace = user.key.ns;
    user.spec.secret_name = credentials.text("secretName", user.key.name + "-oauth");
  }
  user.spec.source =
      credentials.text("source") == "Reference" ? CredentialSource::Reference : CredentialSource::Generate;

  const CredentialKeys defaults;
  MemberReader keys(credentials.object("keys"), "spec.credentials.keys");
  user.spec.keys.client_id = keys.text("clientID", defaults.client_id);
  user.spec.keys.client_secret = keys.text("clientSecret", defaults.client_secret);
  user.spec.keys.token_url = keys.text("tokenURL", defaults.token_url);
  user.spec.keys.issuer = keys.text("issuer", defaults.issuer);
  user.spec.keys.scopes = keys.text("scopes", defaults.scopes);
  user.spec.keys.previous_client_secret = keys.text("previousClientSecret");

  MemberReader rotation(credentials.object("rotation"), "spec.credentials.rotation");
  user.spec.rotation.interval = rotation.duration("interval");
  user.spec.rotation.overlap = rotation.duration("overlap");
  return no_error({&spec_reader, &credentials, &keys, &rotation});
}

Result<void> decode_spec(Kind kind, const Json& object, UserResource& user) {
  MemberReader root(object, "");
  user.spec_json = root.object("spec");
  MemberReader spec(user.spec_json, "spec");
  user.spec.display_name = spec.text("displayName");
  user.spec.description = spec.text("description");
  user.spec.scopes = spec.texts("scopes");
  user.spec.tags = spec.texts("tags");
  if (kind == Kind::IntegrationUser) {
    user.spec.active = spec.flag("active", true);
    user.spec.deletion_policy =
        spec.text("deletionPolicy") == "Deactivate" ? DeletionPolicy::Deactivate : DeletionPolicy::Delete;
    user.spec.management_policy =
        spec.text("managementPolicy") == "Observe" ? ManagementPolicy::Observe : ManagementPolicy::Enforce;
    MemberReader adopt(spec.object("adopt"), "spec.adopt");
    if (const std::string id = adopt.text("userID"); !id.empty()) user.spec.adopt = UserId(id);
    NEOID_TRY_VOID(no_error({&adopt}));
  }
  NEOID_TRY_VOID(no_error({&root, &spec}));
  return decode_credentials(kind, user.spec_json, user);
}

Result<void> decode_status(const Json& object, UserStatus& status) {
  MemberReader root(object, "");
  MemberReader reader(root.object("status"), "status");
  status.observed_generation = reader.number("observedGeneration", -1);
  status.user_id = UserId(reader.text("userID"));
  status.client_id = ClientId(reader.text("clientID"));
  status.active = reader.flag("active", false);
  status.granted_scopes = reader.texts("grantedScopes");
  status.scope_summary = reader.text("scopeSummary");
  status.last_updated = reader.time("lastUpdated");

  MemberReader credentials(reader.object("credentials"), "status.credentials");
  status.credentials.secret_name = credentials.text("secretName");
  status.credentials.version = credentials.number("version", 0);
  status.credentials.issued_at = credentials.time("issuedAt");
  status.credentials.next_rotation = credentials.time("nextRotation");
  status.credentials.last_rotate_request = credentials.text("lastRotateRequest");
  if (const Json* versions = credentials.find("versions"); versions != nullptr && versions->is_array()) {
    for (const Json& item : *versions) {
      MemberReader version(item, "status.credentials.versions");
      status.credentials.versions.push_back(
          {version.number("number", 0), Fingerprint(version.text("fingerprint")),
           version.time("issuedAt").value_or(Instant()), version.time("validUntil")});
      NEOID_TRY_VOID(no_error({&version}));
    }
  }
  if (const Json* conditions = reader.find("conditions")) {
    NEOID_TRY(status.conditions, meta::decode_conditions(*conditions));
  }
  return no_error({&root, &reader, &credentials});
}

Result<void> decode_metadata(const Json& object, UserResource& user) {
  MemberReader root(object, "");
  MemberReader metadata(root.object("metadata"), "metadata");
  user.key.ns = metadata.text("namespace");
  user.key.name = metadata.text("name");
  user.uid = Uid(metadata.text("uid"));
  user.resource_version = ResourceVersion(metadata.text("resourceVersion"));
  user.generation = metadata.number("generation", 0);
  user.created_at = metadata.time("creationTimestamp");
  user.deleted_at = metadata.time("deletionTimestamp");
  const auto finalizers = metadata.texts("finalizers");
  user.has_finalizer = std::find(finalizers.begin(), finalizers.end(), kFinalizer) != finalizers.end();

  MemberReader annotations(metadata.object("annotations"), "metadata.annotations");
  user.rotate = annotations.text(annotation::kRotate);
  user.deactivated = annotations.text(annotation::kDeactivated);
  user.reactivate = annotations.text(annotation::kReactivate);
  user.requested_by = annotations.text(annotation::kRequestedBy);
  user.paused = annotations.text(annotation::kPaused) == "true";
  user.retire = annotations.text(annotation::kRetire) == "true";
  return no_error({&root, &metadata, &annotations});
}

void put_time(Json& object, const char* name, const std::optional<Instant>& instant) {
  if (instant) object[name] = format_time(*instant);
}

void put_text(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

}  // namespace

Duration Rotation::effective_overlap() const {
  if (overlap) return *overlap;
  const Duration day = std::chrono::hours(24);
  return interval ? std::min(day, *interval / 2) : day;
}

Result<UserResource> decode_user(Kind kind, const Json& object) {
  UserResource user;
  user.key.kind = kind;
  NEOID_TRY_VOID(decode_metadata(object, user));
  NEOID_TRY_VOID(decode_spec(kind, object, user));
  NEOID_TRY_VOID(decode_status(object, user.status));
  return user;
}

Json encode_status(const UserStatus& status) {
  Json credentials = Json::object();
  put_text(credentials, "secretName", status.credentials.secret_name);
  if (status.credentials.version != 0) credentials["version"] = status.credentials.version;
  put_time(credentials, "issuedAt", status.credentials.issued_at);
  put_time(credentials, "nextRotation", status.credentials.next_rotation);
  put_text(credentials, "lastRotateRequest", status.credentials.last_rotate_request);
  Json versions = Json::array();
  for (const AcceptedVersion& version : status.credentials.versions) {
    Json item = {{"number", version.number},
                 {"fingerprint", version.fingerprint.value},
                 {"issuedAt", format_micro_time(version.issued_at)}};
    // With microseconds: a restored store takes the end from here, and it must be the same one.
    if (version.valid_until) item["validUntil"] = format_micro_time(*version.valid_until);
    versions.push_back(std::move(item));
  }
  if (!versions.empty()) credentials["versions"] = std::move(versions);

  Json json = {{"observedGeneration", status.observed_generation},
               {"active", status.active},
               {"grantedScopes", status.granted_scopes},
               {"scopeSummary", status.scope_summary},
               {"conditions", meta::encode_conditions(status.conditions)}};
  put_text(json, "userID", status.user_id.value);
  put_text(json, "clientID", status.client_id.value);
  put_time(json, "lastUpdated", status.last_updated);
  if (!credentials.empty()) json["credentials"] = std::move(credentials);
  return json;
}

}  // namespace neoid::api
