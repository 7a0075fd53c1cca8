#include "controller/oauth/client_directory.h"

#include <utility>

#include "controller/base/log.h"
#include "reconcile/credentials/client_secret.h"

namespace neoid::oauth {
namespace {

OAuthError too_many(std::chrono::seconds wait) {
  return {ErrorCode::TooManyAttempts, "too many failed attempts: wait, and look at the credential", wait};
}

}  // namespace

OAuthError not_now() {
  return {ErrorCode::TemporarilyUnavailable, "the identity store cannot be asked at the moment"};
}

OAuthError ClientDirectory::failed(const ClientCredential& credential, const std::string& address,
                                   OAuthError error) {
  const SteadyTime now = clock_.steady_now();
  const auto wait = limiter_.blocked(credential.client_id.value, address, now);
  limiter_.failed(credential.client_id.value, address, now);
  return wait > std::chrono::seconds(0) ? too_many(wait) : std::move(error);
}

Outcome<std::optional<store::TokenClient>> ClientDirectory::look_up(const ClientId& client_id) {
  const std::uint64_t generation = cache_.generation();
  auto found = store_.find_client(client_id);
  if (!found) {
    log::warn("a client cannot be looked up", {{"error", found.error().describe()}});
    return tl::unexpected(not_now());
  }
  cache_.put(client_id, *found, generation);
  return std::move(found->client);
}

Outcome<AuthenticatedClient> ClientDirectory::authenticate(const ClientCredential& credential,
                                                           const std::string& address) {
  const credentials::SecretForm form = credentials::form_of(credential.secret.reveal());
  if (form == credentials::SecretForm::Mistyped) {
    return tl::unexpected(failed(
        credential, address,
        {ErrorCode::InvalidClient, "the client secret has a typing error: its checksum does not fit"}));
  }
  if (!follower_.fresh()) return tl::unexpected(not_now());
  const bool foreign = form == credentials::SecretForm::Foreign;
  const auto wait = [&] {
    return limiter_.blocked(credential.client_id.value, address, clock_.steady_now());
  };
  if (foreign) {
    if (const auto seconds = wait(); seconds > std::chrono::seconds(0))
      return tl::unexpected(too_many(seconds));
  }

  const Sha256 hash = credentials::hash_client_secret(credential.secret);
  std::optional<store::TokenClient> client = cache_.find(credential.client_id);
  const bool remembered = client.has_value();
  auto version = oauth::authenticate(client, hash, follower_.database_now());
  // Over the limit nothing is looked up again; but a client that is not remembered (the feed has just named it) is, or
  // the failures of others would shut it out.
  if (!version && (!remembered || foreign || wait() == std::chrono::seconds(0))) {
    auto found = look_up(credential.client_id);
    if (!found) return tl::unexpected(found.error());
    client = std::move(*found);
    version = oauth::authenticate(client, hash, follower_.database_now());
  }
  if (!version) {
    const OAuthError error = failed(credential, address, version.error());
    // Unknown ones are not named: somebody may have put the secret there. Beyond the limit nothing is logged, or a
    // guesser fills the disk.
    if (error.code == ErrorCode::TooManyAttempts) return tl::unexpected(error);
    log::info("client refused",
              {{"clientID", client ? credential.client_id.value : "unknown"}, {"address", address}});
    return tl::unexpected(error);
  }
  return AuthenticatedClient{credential.client_id, std::move(*client), *version, remembered};
}

Outcome<bool> ClientDirectory::judge(
    const ClientId& client_id, const std::function<bool(const std::optional<store::TokenClient>&)>& decide) {
  if (!follower_.fresh()) return tl::unexpected(not_now());
  if (const auto remembered = cache_.find(client_id); remembered && decide(remembered)) return true;
  const auto found = look_up(client_id);
  if (!found) return tl::unexpected(found.error());
  return decide(*found);
}

}  // namespace neoid::oauth
