#include "controller/oauth/grant.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/base/crypto.h"

namespace neoid::oauth {
namespace {

std::string_view text_of(const Sha256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

bool has(const std::vector<std::string>& sorted, const std::string& item) {
  return std::binary_search(sorted.begin(), sorted.end(), item);
}

}  // namespace

std::optional<store::TokenVersion> version_of(const store::TokenClient& client, const Sha256& secret_hash) {
  std::optional<store::TokenVersion> found;
  for (const store::TokenVersion& version : client.versions) {
    if (!constant_time_equal(text_of(version.hash), text_of(secret_hash))) continue;
    // One secret under two numbers (re-registered): the one that lives longer counts.
    const bool better = !found || (found->valid_until &&
                                   (!version.valid_until || *version.valid_until > *found->valid_until));
    if (better) found = version;
  }
  return found;
}

bool accepted(const store::TokenVersion& version, Instant now) {
  plan::StoredVersion stored;
  stored.state = version.state;
  stored.valid_until = version.valid_until;
  return stored.accepted(now);
}

Outcome<store::TokenVersion> authenticate(const std::optional<store::TokenClient>& client,
                                          const Sha256& secret_hash, Instant now) {
  if (client && client->active) {
    const auto version = version_of(*client, secret_hash);
    if (version && accepted(*version, now)) return *version;
  }
  return refuse(ErrorCode::InvalidClient,
                "the client is unknown or inactive, or its secret is wrong, revoked or has ended");
}

Outcome<Grant> decide_grant(const store::TokenClient& client, const TokenRequest& request,
                            const GrantSettings& settings) {
  Grant grant;
  for (const std::string& scope : request.scopes) {
    if (!has(client.scopes, scope))
      return refuse(ErrorCode::InvalidScope,
                    fmt::format("the scope {} is not granted to this client", scope));
  }
  grant.scopes = request.scopes.empty() ? client.scopes : request.scopes;
  if (grant.scopes.empty()) return refuse(ErrorCode::InvalidScope, "no scope is granted to this client");
  for (const std::string& resource : request.resources) {
    if (std::find(settings.audiences.begin(), settings.audiences.end(), resource) == settings.audiences.end())
      return refuse(ErrorCode::InvalidTarget, fmt::format("the resource {} is not served here", resource));
  }
  grant.audience =
      request.resources.empty() ? std::vector<std::string>{settings.audiences.front()} : request.resources;
  grant.lifetime = settings.token_lifetime;
  for (const std::string& scope : grant.scopes) {
    const auto shorter = settings.scope_lifetimes.find(scope);
    if (shorter != settings.scope_lifetimes.end()) grant.lifetime = std::min(grant.lifetime, shorter->second);
  }
  grant.lifetime =
      std::max<Duration>(std::chrono::floor<std::chrono::seconds>(grant.lifetime), std::chrono::seconds(1));
  return grant;
}

bool holds(const AccessClaims& claims, const std::optional<store::TokenClient>& client,
           const std::string& issuer, Instant now) {
  if (claims.issuer != issuer || claims.expires_at <= now) return false;
  if (!client || !client->active || client->user_id != claims.subject) return false;
  const bool version = std::any_of(client->versions.begin(), client->versions.end(), [&](const auto& one) {
    return one.number == claims.credential_version && accepted(one, now);
  });
  return version && std::all_of(claims.scopes.begin(), claims.scopes.end(),
                                [&](const std::string& scope) { return has(client->scopes, scope); });
}

}  // namespace neoid::oauth
