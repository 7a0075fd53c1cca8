#include "reconcile/credentials/seal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "reconcile/base/check.h"
#include "reconcile/base/crypto.h"

namespace neoid::credentials {
namespace {

constexpr VersionNumber kLargestNumber = (VersionNumber(1) << 53) - 1;  // JSON numbers are exact up to here

// Each part with its length before it, so that no two lists of parts give one text.
void append_part(std::string& text, std::string_view part) {
  text += fmt::format("{}:{},", part.size(), part);
}

std::string mac_text(const Secret& sealing_key, const SealContext& context, const Seal& seal,
                     const Sha256& client_secret_hash) {
  std::string input;
  input.reserve(1024);
  append_part(input, "neoid seal 1");
  append_part(input, context.cluster.value);
  append_part(input, api::to_string(context.resource.kind));
  append_part(input, context.resource.ns);
  append_part(input, context.resource.name);
  append_part(input, seal.resource_uid.value);
  append_part(input, fmt::format("{}", seal.number));
  append_part(input, seal.user_id.value);
  append_part(input, seal.client_id.value);
  append_part(input, format_micro_time(seal.issued_at));
  append_part(input, seal.rotation_request);
  append_part(input, hex(client_secret_hash));  // the value by its hash: no copy of the plaintext is made
  return hex(hmac_sha256(sealing_key.reveal(), input));
}

std::optional<std::string> find(const Annotations& annotations, std::string_view name) {
  const auto found = annotations.find(std::string(name));
  if (found == annotations.end()) return std::nullopt;
  return found->second;
}

std::optional<VersionNumber> parse_number(const std::string& text) {
  VersionNumber number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < 1 || number > kLargestNumber) return std::nullopt;
  return number;
}

}  // namespace

Annotations seal_annotations(const Secret& sealing_key, const SealContext& context, const Seal& seal,
                             const Sha256& client_secret_hash) {
  return {{std::string(annotation::kVersion), fmt::format("{}", seal.number)},
          {std::string(annotation::kUserId), seal.user_id.value},
          {std::string(annotation::kClientId), seal.client_id.value},
          {std::string(annotation::kIssuedAt), format_micro_time(seal.issued_at)},
          {std::string(annotation::kAnswersRotate), seal.rotation_request},
          {std::string(annotation::kResourceUid), seal.resource_uid.value},
          {std::string(annotation::kSeal), mac_text(sealing_key, context, seal, client_secret_hash)}};
}

std::optional<Seal> claimed_seal(const Annotations& annotations) {
  const auto number_text = find(annotations, annotation::kVersion);
  const auto user_id = find(annotations, annotation::kUserId);
  const auto client_id = find(annotations, annotation::kClientId);
  const auto issued_text = find(annotations, annotation::kIssuedAt);
  const auto request = find(annotations, annotation::kAnswersRotate);
  const auto uid = find(annotations, annotation::kResourceUid);
  if (!number_text || !user_id || !client_id || !issued_text || !request || !uid) return std::nullopt;
  const auto number = parse_number(*number_text);
  const auto issued_at = parse_time(*issued_text);
  if (!number || !issued_at || !is_uuid(*user_id)) return std::nullopt;
  return Seal{*number, UserId(*user_id), ClientId(*client_id), *issued_at, *request, Uid(*uid)};
}

std::optional<Seal> verified_seal(const Secret& sealing_key, const SealContext& context,
                                  const Annotations& annotations, const Sha256& client_secret_hash) {
  const auto mac = find(annotations, annotation::kSeal);
  auto seal = claimed_seal(annotations);
  if (!mac || !seal) return std::nullopt;
  if (!constant_time_equal(*mac, mac_text(sealing_key, context, *seal, client_secret_hash)))
    return std::nullopt;
  return seal;
}

VersionNumber next_version_number(Epoch epoch, VersionNumber highest_known) {
  const VersionNumber number = std::max(epoch << 20, highest_known) + 1;
  NEOID_CHECK(number <= kLargestNumber);
  return number;
}

}  // namespace neoid::credentials
