#include "controller/oauth/token_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controller/base/log.h"
#include "controller/base/random.h"
#include "controller/oauth/client_directory.h"
#include "controller/oauth/endpoints.h"
#include "controller/oauth/key_keeper.h"
#include "controller/oauth/revocations.h"
#include "controller/oauth/store_follower.h"
#include "controller/oauth/use_recorder.h"
#include "reconcile/base/crypto.h"

namespace neoid::oauth {
namespace {

constexpr const char* kCacheable = "public, max-age=300";  // below KeySettings::publish_ahead

std::string make_jti() {
  const auto bytes = random_array<16>();
  return base64url(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Instant whole_seconds(Instant instant) { return std::chrono::floor<std::chrono::seconds>(instant); }

OAuthError server_error() { return {ErrorCode::ServerError, "the token cannot be signed"}; }

Result<void> check_options(const TokenServiceOptions& options) {
  if (options.grant.audiences.empty()) return fail(ErrorKind::Invalid, "at least one audience is needed");
  for (const std::string& audience : options.grant.audiences) {
    if (!is_resource(audience))
      return fail(ErrorKind::Invalid,
                  "the audience " + audience + " is no absolute URI, as https://api.example.com");
  }
  if (options.grant.token_lifetime < std::chrono::seconds(1))
    return fail(ErrorKind::Invalid, "tokens must live for a second at least");
  if (options.keys.rotate_every <= 2 * options.keys.publish_ahead)
    return fail(ErrorKind::Invalid,
                "keys must be rotated less often than twice the time that they are published ahead");
  return {};
}

}  // namespace

class TokenService::Impl {
 public:
  Impl(std::unique_ptr<store::IdentityStore> identities, std::unique_ptr<store::TokenStore> tokens,
       KeyEncryptionKeys kek, TokenServiceOptions options, Endpoints endpoints, Clock& clock,
       MetricsRegistry& metrics)
      : options_(std::move(options)),
        endpoints_(std::move(endpoints)),
        metadata_(metadata_json(options_.grant.issuer, endpoints_)),
        clock_(clock),
        cached_clients_(metrics.gauge(metric::kOAuthClients)),
        token_meters_(metrics, "token"),
        introspection_meters_(metrics, "introspection"),
        revocation_meters_(metrics, "revocation"),
        identities_(std::move(identities)),
        tokens_(std::move(tokens)),
        cache_(options_.cached_clients),
        keys_(*tokens_, std::move(kek), options_.keys),
        limiter_(options_.rates),
        follower_(*identities_, *tokens_, clock, cache_, keys_, revocations_, options_.max_staleness),
        directory_(*tokens_, cache_, follower_, limiter_, clock),
        uses_(*identities_, clock, options_.last_used_interval) {}

  Result<void> synchronise() {
    NEOID_TRY_VOID(follower_.synchronise());
    if (keys_.signing()) return {};
    return follower_.synchronise();  // another replica made the first key at the same time
  }
  void start() {
    follower_.start();
    uses_.start();
  }
  void stop() {
    follower_.stop();
    uses_.stop();
  }

  http::Response handle(const http::Request& request) {
    if (request.path == endpoints_.token)
      return answer(token_meters_, request, [&] { return issue(request); });
    if (request.path == endpoints_.introspection)
      return answer(introspection_meters_, request, [&] { return introspect(request); });
    if (request.path == endpoints_.revocation)
      return answer(revocation_meters_, request, [&] { return revoke(request); });
    if (request.path == endpoints_.jwks) return document(request, keys_.jwks(), "application/jwk-set+json");
    if (request.path == endpoints_.metadata) return document(request, metadata_, "application/json");
    return json_response(404, R"({"error":"not_found"})");
  }

  std::vector<std::string> unready() const {
    std::vector<std::string> reasons;
    if (!follower_.fresh()) reasons.push_back("the store is not followed: " + follower_.failure());
    if (!keys_.signing()) reasons.emplace_back("there is no signing key");
    return reasons;
  }
  void sample() { cached_clients_.set(static_cast<double>(cache_.size())); }
  std::size_t cached_clients() const { return cache_.size(); }
  Result<void> flush_uses() { return uses_.flush(); }

 private:
  // What is counted at one endpoint: the handles, since asking the registry for one takes its lock.
  struct Meters {
    Meters(MetricsRegistry& registry, const std::string& endpoint)
        : seconds(registry.histogram(metric::kOAuthSeconds, {endpoint})),
          ok(counter(registry, endpoint, "ok")) {
      for (int code = 0; code <= static_cast<int>(ErrorCode::ServerError); ++code) {
        const auto error = static_cast<ErrorCode>(code);
        refused.push_back(
            counter(registry, endpoint,
                    error == ErrorCode::TooManyAttempts ? "too_many_attempts" : to_string(error)));
      }
    }
    static Counter counter(MetricsRegistry& registry, const std::string& endpoint, std::string_view outcome) {
      return registry.counter(metric::kOAuthRequests, {endpoint, outcome});
    }
    void observe(std::optional<ErrorCode> error, std::chrono::duration<double> took) {
      (error ? refused[static_cast<std::size_t>(*error)] : ok).add();
      seconds.observe(took.count());
    }

    Histogram seconds;
    Counter ok;
    std::vector<Counter> refused;  // by ErrorCode
  };

  template <class Work>
  http::Response answer(Meters& meters, const http::Request& request, Work work) {
    if (request.method != "POST") {
      http::Response response = error_response({ErrorCode::InvalidRequest, "the method must be POST"});
      response.status = 405;
      response.headers.add("Allow", "POST");
      return response;
    }
    const SteadyTime begun = clock_.steady_now();
    Outcome<http::Response> outcome = work();
    meters.observe(outcome ? std::nullopt : std::optional(outcome.error().code), clock_.steady_now() - begun);
    return outcome ? std::move(*outcome) : error_response(outcome.error());
  }

  static http::Response document(const http::Request& request, const std::string& body, const char* type) {
    if (request.method != "GET" && request.method != "HEAD") {
      http::Response response = json_response(405, R"({"error":"method_not_allowed"})");
      response.headers.add("Allow", "GET, HEAD");
      return response;
    }
    return {200, {{"Content-Type", type}, {"Cache-Control", kCacheable}}, body, nullptr};
  }

  Outcome<http::Response> issue(const http::Request& http_request) {
    const auto request = parse_token_request(http_request);
    if (!request) return tl::unexpected(request.error());
    auto client = directory_.authenticate(request->client, http_request.peer.address);
    if (!client) return tl::unexpected(client.error());
    auto grant = decide_grant(client->client, *request, options_.grant);
    if (!grant && client->remembered) {
      // A scope that was granted a moment ago.
      auto found = directory_.look_up(client->client_id);
      if (!found) return tl::unexpected(found.error());
      if (*found) grant = decide_grant(**found, *request, options_.grant);
    }
    if (!grant) return tl::unexpected(grant.error());
    const auto key = keys_.signing();
    if (!key) return tl::unexpected(not_now());
    AccessClaims claims;
    claims.issuer = options_.grant.issuer;
    claims.subject = client->client.user_id;
    claims.client_id = client->client_id;
    claims.audience = std::move(grant->audience);
    claims.scopes = std::move(grant->scopes);
    claims.issued_at = whole_seconds(follower_.database_now());
    claims.expires_at = claims.issued_at + grant->lifetime;
    claims.jti = make_jti();
    claims.credential_version = client->version.number;
    const auto token = key->sign(claims_json(claims));
    if (!token) {
      log::error("a token cannot be signed", {{"error", token.error().describe()}});
      return tl::unexpected(server_error());
    }
    uses_.record(claims.subject, claims.credential_version);
    return json_response(
        200, fmt::format(R"({{"access_token":"{}","token_type":"Bearer","expires_in":{},"scope":{}}})",
                         *token, std::chrono::floor<std::chrono::seconds>(grant->lifetime).count(),
                         json_quote(fmt::format("{}", fmt::join(claims.scopes, " ")))));
  }

  // A token that this service signed and that has not expired, whatever became of its client. Nothing: any other text.
  std::optional<AccessClaims> verified(const Secret& token) const {
    auto parsed = parse_token(token.reveal());
    if (!parsed) return std::nullopt;
    const auto key = keys_.find(parsed->kid);
    if (!key || !key->verify(parsed->signed_part, parsed->signature)) return std::nullopt;
    if (parsed->claims.issuer != options_.grant.issuer ||
        parsed->claims.expires_at <= follower_.database_now())
      return std::nullopt;
    return std::move(parsed->claims);
  }

  Outcome<http::Response> introspect(const http::Request& http_request) {
    const auto request = parse_about_token(http_request);
    if (!request) return tl::unexpected(request.error());
    auto caller = directory_.authenticate(request->client, http_request.peer.address);
    if (!caller) return tl::unexpected(caller.error());
    const auto may =
        directory_.judge(caller->client_id, [&](const std::optional<store::TokenClient>& client) {
          return client && std::binary_search(client->scopes.begin(), client->scopes.end(),
                                              options_.introspection_scope);
        });
    if (!may) return tl::unexpected(may.error());
    if (!*may)
      return refuse(
          ErrorCode::UnauthorizedClient,
          "introspection needs the scope " + options_.introspection_scope + ", which this client lacks");
    uses_.record(caller->client.user_id, caller->version.number);
    const auto claims = verified(request->token);
    if (!claims || revocations_.contains(claims->jti)) return json_response(200, R"({"active":false})");
    const auto active =
        directory_.judge(claims->client_id, [&](const std::optional<store::TokenClient>& client) {
          return holds(*claims, client, options_.grant.issuer, follower_.database_now());
        });
    if (!active) return tl::unexpected(active.error());
    if (!*active) return json_response(200, R"({"active":false})");
    // The claims' own JSON, with two members in front.
    return json_response(200, R"({"active":true,"token_type":"Bearer",)" + claims_json(*claims).substr(1));
  }

  Outcome<http::Response> revoke(const http::Request& http_request) {
    const auto request = parse_about_token(http_request);
    if (!request) return tl::unexpected(request.error());
    const auto client = directory_.authenticate(request->client, http_request.peer.address);
    if (!client) return tl::unexpected(client.error());
    const auto claims = verified(request->token);
    if (!claims) return json_response(200, "");  // RFC 7009 section 2.2: what is invalid is revoked enough
    if (claims->client_id != client->client_id)
      return refuse(ErrorCode::UnauthorizedClient, "the token was issued to another client");
    if (!revocations_.contains(claims->jti)) {
      if (auto done = tokens_->revoke(claims->jti, claims->expires_at); !done) {
        log::warn("a token cannot be revoked now", {{"error", done.error().describe()}});
        return tl::unexpected(not_now());
      }
      revocations_.add(claims->jti, claims->expires_at);
    }
    return json_response(200, "");
  }

  const TokenServiceOptions options_;
  const Endpoints endpoints_;
  const std::string metadata_;
  Clock& clock_;
  Gauge cached_clients_;
  Meters token_meters_, introspection_meters_, revocation_meters_;
  const std::unique_ptr<store::IdentityStore> identities_;
  const std::unique_ptr<store::TokenStore> tokens_;
  ClientCache cache_;
  KeyKeeper keys_;
  Revocations revocations_;
  RateLimiter limiter_;
  StoreFollower follower_;
  ClientDirectory directory_;
  UseRecorder uses_;
};

TokenService::TokenService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenService::~TokenService() { stop(); }

Result<std::unique_ptr<TokenService>> TokenService::open(const std::string& store_url, KeyEncryptionKeys kek,
                                                         TokenServiceOptions options, Clock& clock,
                                                         MetricsRegistry& metrics) {
  NEOID_TRY(Endpoints endpoints, endpoints_of(options.grant.issuer));
  NEOID_TRY_VOID(check_options(options));
  options.keys.longest_token = options.grant.longest_lifetime();
  NEOID_TRY(auto identities, store::open_store(store_url, options.store));
  NEOID_TRY(auto tokens, store::open_token_store(store_url, options.store));
  auto impl = std::make_unique<Impl>(std::move(identities), std::move(tokens), std::move(kek),
                                     std::move(options), std::move(endpoints), clock, metrics);
  NEOID_TRY_VOID(impl->synchronise());
  return std::unique_ptr<TokenService>(new TokenService(std::move(impl)));
}

void TokenService::start() { impl_->start(); }
void TokenService::stop() { impl_->stop(); }
http::Response TokenService::handle(const http::Request& request) { return impl_->handle(request); }
std::vector<std::string> TokenService::unready() const { return impl_->unready(); }
void TokenService::sample() const { impl_->sample(); }
std::size_t TokenService::cached_clients() const { return impl_->cached_clients(); }
Result<void> TokenService::flush_uses() { return impl_->flush_uses(); }

}  // namespace neoid::oauth
