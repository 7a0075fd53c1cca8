#include "controller/reconcilers/packed.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "reconcile/api/reasons.h"
#include "reconcile/base/check.h"
#include "reconcile/base/crypto.h"
#include "reconcile/credentials/seal.h"

namespace neoid::reconcilers {
namespace {

namespace annotation = credentials::annotation;
namespace condition = api::condition;
namespace reason = api::reason;

// What stands in most resources. A text that is missing here, or was reworded, costs its bytes and nothing else.
constexpr std::array kKnown = {std::string_view(),
                               annotation::kVersion,
                               annotation::kUserId,
                               annotation::kClientId,
                               annotation::kIssuedAt,
                               annotation::kAnswersRotate,
                               annotation::kResourceUid,
                               annotation::kSeal,
                               plan::kManagedByLabel,
                               plan::kManagedBy,
                               plan::kResourceLabel,
                               plan::kSecretType,
                               condition::kReady,
                               condition::kReconciling,
                               condition::kStalled,
                               condition::kIdentitySynced,
                               condition::kScopesResolved,
                               condition::kCredentialsDelivered,
                               condition::kDriftFree,
                               condition::kPaused,
                               reason::kReconciled,
                               reason::kInactive,
                               reason::kSynced,
                               reason::kResolved,
                               reason::kDelivered,
                               reason::kNoDrift,
                               reason::kProgressing,
                               reason::kScopeDeprecated,
                               reason::kDriftCorrected,
                               std::string_view("client_id"),
                               std::string_view("client_secret"),
                               std::string_view("token_url"),
                               std::string_view("issuer"),
                               std::string_view("scopes"),
                               std::string_view("The integration user is active and its credential works."),
                               std::string_view("The integration user is deactivated, as declared."),
                               std::string_view("The store holds what is declared."),
                               std::string_view("Every declared scope is granted."),
                               std::string_view("Nothing was changed behind the resource.")};

enum class Form : std::uint64_t { Plain = 0, Known = 1, Uuid = 2, Hex = 3 };
constexpr int kFormBits = 2;

class Writer {
 public:
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    bytes_ += static_cast<char>(value);
  }
  void integer(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  void text(std::string_view text) {
    const auto* const known = std::find(kKnown.begin(), kKnown.end(), text);
    if (known != kKnown.end()) return tag(Form::Known, static_cast<std::uint64_t>(known - kKnown.begin()));
    if (is_uuid(text)) {
      std::string digits(text);
      std::erase(digits, '-');
      if (const auto bytes = unhex(digits); bytes && is_lower(text)) {
        tag(Form::Uuid, bytes->size());
        return raw(*bytes);
      }
    }
    if (text.size() >= 16 && is_lower(text)) {
      if (const auto bytes = unhex(text)) {
        tag(Form::Hex, bytes->size());
        return raw(*bytes);
      }
    }
    tag(Form::Plain, text.size());
    raw(text);
  }
  void texts(const std::vector<std::string>& list) {
    number(list.size());
    for (const std::string& item : list) text(item);
  }
  void texts(const std::map<std::string, std::string>& map) {
    number(map.size());
    for (const auto& [key, value] : map) {
      text(key);
      text(value);
    }
  }
  void time(Instant instant) {
    integer(std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count());
  }
  void time(const std::optional<Instant>& instant) {
    number(instant ? 1 : 0);
    if (instant) time(*instant);
  }
  void duration(const std::optional<Duration>& duration) {
    number(duration ? 1 : 0);
    if (duration) integer(std::chrono::duration_cast<std::chrono::microseconds>(*duration).count());
  }
  std::string take() {
    bytes_.shrink_to_fit();
    return std::move(bytes_);
  }

 private:
  void tag(Form form, std::uint64_t value) {
    number((value << kFormBits) | static_cast<std::uint64_t>(form));
  }
  static bool is_lower(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  }
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(raw(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::int64_t integer() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  bool flag() { return number() != 0; }
  std::string_view raw(std::size_t size) {
    NEOID_CHECK(size <= rest_.size());
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string text() {
    const std::uint64_t tag = number();
    const std::size_t value = tag >> kFormBits;
    switch (static_cast<Form>(tag & ((1U << kFormBits) - 1))) {
      case Form::Plain: return std::string(raw(value));
      case Form::Known: return std::string(kKnown.at(value));
      case Form::Hex: return hex(raw(value));
      case Form::Uuid: {
        std::string digits = hex(raw(value));
        for (const std::size_t at : {8U, 13U, 18U, 23U}) digits.insert(at, 1, '-');
        return digits;
      }
    }
    return {};
  }
  std::vector<std::string> texts() {
    std::vector<std::string> list(number());
    for (std::string& item : list) item = text();
    return list;
  }
  std::map<std::string, std::string> text_map() {
    std::map<std::string, std::string> map;
    for (std::uint64_t left = number(); left > 0; --left) {
      std::string key = text();
      map.emplace_hint(map.end(), std::move(key), text());
    }
    return map;
  }
  Instant time() {
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::microseconds(integer())));
  }
  std::optional<Instant> optional_time() { return flag() ? std::optional(time()) : std::nullopt; }
  std::optional<Duration> duration() {
    if (!flag()) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::microseconds(integer()));
  }

 private:
  std::string_view rest_;
};

// --- the parts of a user, each written and read in one order ---------------------------------------

void put(Writer& out, const api::UserSpec& spec) {
  out.text(spec.display_name);
  out.text(spec.description);
  out.number(spec.active ? 1 : 0);
  out.texts(spec.scopes);
  out.texts(spec.tags);
  out.text(spec.secret_namespace);
  out.text(spec.secret_name);
  out.number(static_cast<std::uint64_t>(spec.source));
  for (const std::string* key : {&spec.keys.client_id, &spec.keys.client_secret, &spec.keys.token_url,
                                 &spec.keys.issuer, &spec.keys.scopes, &spec.keys.previous_client_secret})
    out.text(*key);
  out.duration(spec.rotation.interval);
  out.duration(spec.rotation.overlap);
  out.number(static_cast<std::uint64_t>(spec.deletion_policy));
  out.number(static_cast<std::uint64_t>(spec.management_policy));
  out.text(spec.adopt ? spec.adopt->value : std::string());
}

api::UserSpec take_spec(Reader& in) {
  api::UserSpec spec;
  spec.display_name = in.text();
  spec.description = in.text();
  spec.active = in.flag();
  spec.scopes = in.texts();
  spec.tags = in.texts();
  spec.secret_namespace = in.text();
  spec.secret_name = in.text();
  spec.source = static_cast<api::CredentialSource>(in.number());
  for (std::string* key : {&spec.keys.client_id, &spec.keys.client_secret, &spec.keys.token_url,
                           &spec.keys.issuer, &spec.keys.scopes, &spec.keys.previous_client_secret})
    *key = in.text();
  spec.rotation.interval = in.duration();
  spec.rotation.overlap = in.duration();
  spec.deletion_policy = static_cast<api::DeletionPolicy>(in.number());
  spec.management_policy = static_cast<api::ManagementPolicy>(in.number());
  if (std::string adopt = in.text(); !adopt.empty()) spec.adopt = UserId(std::move(adopt));
  return spec;
}

void put(Writer& out, const api::UserStatus& status) {
  out.integer(status.observed_generation);
  out.text(status.user_id.value);
  out.text(status.client_id.value);
  out.number(status.active ? 1 : 0);
  out.texts(status.granted_scopes);
  out.text(status.scope_summary);
  out.time(status.last_updated);
  const auto& credentials = status.credentials;
  out.text(credentials.secret_name);
  out.integer(credentials.version);
  out.time(credentials.issued_at);
  out.time(credentials.next_rotation);
  out.text(credentials.last_rotate_request);
  out.number(credentials.versions.size());
  for (const api::AcceptedVersion& version : credentials.versions) {
    out.integer(version.number);
    out.text(version.fingerprint.value);
    out.time(version.issued_at);
    out.time(version.valid_until);
  }
  out.number(status.conditions.size());
  for (const meta::Condition& condition : status.conditions) {
    out.text(condition.type);
    out.number(static_cast<std::uint64_t>(condition.status));
    out.text(condition.reason);
    out.text(condition.message);
    out.integer(condition.observed_generation);
    out.time(condition.last_transition_time);
  }
}

api::UserStatus take_status(Reader& in) {
  api::UserStatus status;
  status.observed_generation = in.integer();
  status.user_id = UserId(in.text());
  status.client_id = ClientId(in.text());
  status.active = in.flag();
  status.granted_scopes = in.texts();
  status.scope_summary = in.text();
  status.last_updated = in.optional_time();
  auto& credentials = status.credentials;
  credentials.secret_name = in.text();
  credentials.version = in.integer();
  credentials.issued_at = in.optional_time();
  credentials.next_rotation = in.optional_time();
  credentials.last_rotate_request = in.text();
  credentials.versions.resize(in.number());
  for (api::AcceptedVersion& version : credentials.versions) {
    version.number = in.integer();
    version.fingerprint = Fingerprint(in.text());
    version.issued_at = in.time();
    version.valid_until = in.optional_time();
  }
  status.conditions.resize(in.number());
  for (meta::Condition& condition : status.conditions) {
    condition.type = in.text();
    condition.status = static_cast<meta::ConditionStatus>(in.number());
    condition.reason = in.text();
    condition.message = in.text();
    condition.observed_generation = in.integer();
    condition.last_transition_time = in.time();
  }
  return status;
}

}  // namespace

std::string pack(const CachedUser& user) {
  Writer out;
  out.text(user.uid.value);
  out.text(user.resource_version.value);
  out.integer(user.generation);
  out.time(user.created_at);
  out.time(user.deleted_at);
  out.number((user.has_finalizer ? 1U : 0U) | (user.has_other_finalizers ? 2U : 0U) |
             (user.paused ? 4U : 0U) | (user.retire ? 8U : 0U));
  for (const std::string* text : {&user.rotate, &user.deactivated, &user.reactivate, &user.requested_by})
    out.text(*text);
  put(out, user.spec);
  put(out, user.status);
  const bool system = user.key.kind == api::Kind::SystemIntegrationUser;
  out.text(system ? user.spec_json.dump() : std::string());
  return out.take();
}

CachedUser unpack_user(const api::ResourceKey& key, std::string_view packed) {
  Reader in(packed);
  CachedUser user;
  user.key = key;
  user.uid = Uid(in.text());
  user.resource_version = ResourceVersion(in.text());
  user.generation = in.integer();
  user.created_at = in.optional_time();
  user.deleted_at = in.optional_time();
  const std::uint64_t flags = in.number();
  user.has_finalizer = (flags & 1U) != 0;
  user.has_other_finalizers = (flags & 2U) != 0;
  user.paused = (flags & 4U) != 0;
  user.retire = (flags & 8U) != 0;
  for (std::string* text : {&user.rotate, &user.deactivated, &user.reactivate, &user.requested_by})
    *text = in.text();
  user.spec = take_spec(in);
  user.status = take_status(in);
  if (const std::string spec = in.text(); !spec.empty()) user.spec_json = Json::parse(spec, nullptr, false);
  return user;
}

std::string pack(const plan::SecretView& secret) {
  Writer out;
  out.text(secret.uid.value);
  out.text(secret.resource_version.value);
  out.text(secret.type);
  out.texts(secret.labels);
  out.texts(secret.annotations);
  out.number(secret.being_deleted ? 1 : 0);
  out.number(secret.data.size());
  for (const auto& [key, value] : secret.data) {
    out.text(key);
    out.raw(std::string_view(reinterpret_cast<const char*>(value.hash.data()), value.hash.size()));
  }
  return out.take();
}

plan::SecretView unpack_secret(std::string_view packed) {
  Reader in(packed);
  plan::SecretView secret;
  secret.uid = Uid(in.text());
  secret.resource_version = ResourceVersion(in.text());
  secret.type = in.text();
  secret.labels = in.text_map();
  secret.annotations = in.text_map();
  secret.being_deleted = in.flag();
  for (std::uint64_t left = in.number(); left > 0; --left) {
    std::string key = in.text();
    plan::SecretValue value;
    const std::string_view bytes = in.raw(value.hash.size());
    std::memcpy(value.hash.data(), bytes.data(), bytes.size());
    secret.data.emplace_hint(secret.data.end(), std::move(key), std::move(value));
  }
  return secret;
}

}  // namespace neoid::reconcilers
