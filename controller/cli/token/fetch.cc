#include "controller/cli/token/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controller/base/file.h"
#include "controller/cli/token/explain.h"
#include "controller/http/base_url.h"
#include "controller/http/client.h"
#include "controller/oauth/endpoints.h"
#include "controller/oauth/request.h"
#include "reconcile/api/user.h"
#include "reconcile/base/crypto.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/plan/plan.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/member.h"

namespace neoid::cli {
namespace {

constexpr std::size_t kMaxAnswer_bytes = 1 << 20;

// Everything that the request is made of.
struct Ready {
  AskedToken asked;
  Secret client_secret;
};

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// A URL taken apart for http::Client: "https://host:port" and "/path".
struct Where {
  std::string origin;
  std::string target;
};
Result<Where> where_of(const std::string& url) {
  NEOID_TRY(const http::BaseUrl parsed, http::parse_base_url(url));
  if (!parsed.tls && !is_loopback(parsed.host))
    return fail(
        ErrorKind::Invalid,
        url + " is not https: the client secret would cross the network in the clear, and is not sent");
  const std::size_t path = std::min(url.find('/', url.find("://") + 3), url.size());
  return Where{url.substr(0, path), path == url.size() ? "/" : url.substr(path)};
}

Result<http::ClientResponse> send(const std::string& url, const TokenOptions& options,
                                  http::ClientRequest request) {
  NEOID_TRY(Where where, where_of(url));
  http::ClientOptions client;
  client.base_url = where.origin;
  client.max_body_bytes = kMaxAnswer_bytes;
  if (!options.ca_file.empty()) {
    auto authorities = read_file(options.ca_file);
    if (!authorities) return fail(wrap("--ca-file", authorities.error()));
    client.tls.ca_pem = std::move(*authorities);
  }
  request.target = where.target;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout);
  NEOID_TRY(const auto connection, http::Client::create(std::move(client)));
  auto answer = connection->send(request);
  if (answer) return answer;
  Error error = wrap(url, answer.error());
  if (error.kind == ErrorKind::Unavailable && where.origin.starts_with("https://"))
    error.message += options.ca_file.empty()
                         ? " (the system's roots are trusted; --ca-file names others, of `neoid standalone` "
                           "DATA/ca.pem)"
                         : " (the roots in " + options.ca_file + " are trusted)";
  return fail(std::move(error));
}

Result<std::string> discover(const std::string& issuer, const TokenOptions& options) {
  NEOID_TRY(const oauth::Endpoints endpoints, oauth::endpoints_of(issuer));
  const std::string url = endpoints.origin + endpoints.metadata;
  http::ClientRequest request;
  request.headers.add("Accept", "application/json");
  NEOID_TRY(const http::ClientResponse answer, send(url, options, std::move(request)));
  const auto metadata = parse_json(answer.body, 64);
  const auto text = [&](const char* name) { return metadata ? text_at(*metadata, name) : std::string(); };
  if (answer.status != 200 || text("token_endpoint").empty())
    return fail(ErrorKind::Invalid,
                fmt::format("{} answers {} and no metadata of a token service (RFC 8414): is --issuer right? "
                            "--token-url does without",
                            url, answer.status));
  if (text("issuer") != issuer)
    return fail(ErrorKind::Invalid,
                fmt::format("{} says that its issuer is {}: clients compare it as text, and "
                            "{} is another one",
                            url, printable(text("issuer")), issuer));
  return text("token_endpoint");
}

// The names of the keys in a Secret whose resource chose others than the default.
Json keys_of(const Session& session, const Json& secret, const kube::ObjectName& name) {
  const api::CredentialKeys usual;
  const Json::json_pointer data("/data");
  if (secret.contains(data / usual.client_id) && secret.contains(data / usual.client_secret))
    return Json::object();
  const Json labels = secret.value(Json::json_pointer("/metadata/labels"), Json::object());
  const std::string resource = labels.value(std::string(plan::kResourceLabel), "");
  if (resource.empty()) return Json::object();
  for (const auto& [kind, ns] : {std::pair(api::Kind::IntegrationUser, name.ns),
                                 std::pair(api::Kind::SystemIntegrationUser, std::string())}) {
    const auto object = session.client().get(resource_type(kind), {ns, resource});
    if (object) return object->value(Json::json_pointer("/spec/credentials/keys"), Json::object());
  }
  return Json::object();
}

Result<SecretContents> read_from_cluster(const ClusterFlags& cluster, const TokenOptions& options,
                                         const Streams& streams) {
  NEOID_TRY(const Session session, Session::open(cluster, streams));
  NEOID_TRY(const api::ResourceKey key, session.parse_user(options.secret));
  const kube::ObjectName name{key.ns, key.name};
  auto secret = session.client().get(kSecretType, name);
  if (!secret) {
    const std::string remedy =
        secret.error().kind == ErrorKind::NotFound
            ? fmt::format("there is no Secret {}/{}; `kubectl get iu -n {} -o wide` tells their names",
                          key.ns, key.name, key.ns)
            : fmt::format("the Secret {}/{} cannot be read", key.ns, key.name);
    return fail(wrap(remedy, secret.error()));
  }
  const Json keys = keys_of(session, *secret, name);
  return read_contents(*secret, key.ns + "/" + key.name, keys);
}

Result<SecretContents> read_from_files(const TokenOptions& options) {
  SecretContents contents;
  contents.client_id = ClientId(options.client_id);
  NEOID_TRY(contents.client_secret, read_secret_file(options.client_secret_file));
  return contents;
}

Result<Ready> make_ready(const ClusterFlags& cluster, const TokenOptions& options, const Streams& streams) {
  NEOID_TRY(SecretContents contents,
            options.secret.empty() ? read_from_files(options) : read_from_cluster(cluster, options, streams));
  Ready ready;
  ready.asked.credential = options.secret.empty() ? "--client-secret-file " + options.client_secret_file
                                                  : "the Secret " + options.secret;
  if (credentials::form_of(contents.client_secret.reveal()) == credentials::SecretForm::Mistyped)
    return fail(
        ErrorKind::Invalid,
        ready.asked.credential +
            " holds a client secret with a typing error (its checksum does not fit): copy it again; nothing "
            "was sent");
  ready.asked.client_id = contents.client_id;
  ready.client_secret = std::move(contents.client_secret);
  ready.asked.scopes = options.scopes;
  ready.asked.resources = options.resources;
  ready.asked.issuer = options.issuer.empty() ? contents.issuer : options.issuer;
  // Whoever names an issuer wants its token endpoint, not that of the Secret.
  ready.asked.token_url = !options.token_url.empty() ? options.token_url
                          : options.issuer.empty()   ? contents.token_url
                                                     : std::string();
  if (ready.asked.token_url.empty() && ready.asked.issuer.empty())
    return fail(ErrorKind::Invalid,
                ready.asked.credential +
                    " does not say where tokens come from: give --token-url, or --issuer, "
                    "whose metadata tells");
  if (ready.asked.token_url.empty()) {
    NEOID_TRY(ready.asked.token_url, discover(ready.asked.issuer, options));
  }
  return ready;
}

Result<http::ClientResponse> request_token(const Ready& ready, const TokenOptions& options) {
  const AskedToken& asked = ready.asked;
  http::ClientRequest request;
  request.method = "POST";
  request.body = "grant_type=client_credentials";
  if (!asked.scopes.empty())
    request.body += "&scope=" + http::percent_encode(fmt::format("{}", fmt::join(asked.scopes, " ")));
  for (const std::string& resource : asked.resources)
    request.body += "&resource=" + http::percent_encode(resource);
  // RFC 6749 section 2.3.1: both parts are encoded first.
  std::string pair = http::percent_encode(asked.client_id.value) + ":" +
                     http::percent_encode(std::string(ready.client_secret.reveal()));
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"},
                     {"Authorization", "Basic " + base64(pair)}};
  cleanse(pair);
  return send(asked.token_url, options, std::move(request));
}

Json as_json(const AskedToken& asked, const Explanation& explained, int status) {
  Json remarks = Json::array();
  for (const Remark& remark : explained.remarks)
    remarks.push_back({{"what", remark.what}, {"remedy", remark.remedy}});
  Json json = {{"issued", explained.issued()},   {"status", status},
               {"tokenURL", asked.token_url},    {"clientID", asked.client_id.value},
               {"asked", asked.scopes},          {"granted", explained.granted},
               {"withheld", explained.withheld}, {"remarks", std::move(remarks)}};
  if (!explained.issued()) json["error"] = explained.error;
  if (!explained.header.is_null()) json["header"] = explained.header;
  if (!explained.claims.is_null()) json["claims"] = explained.claims;
  if (explained.expires_at) json["expiresAt"] = format_time(*explained.expires_at);
  return json;
}

void print_text(std::ostream& out, const AskedToken& asked, const Explanation& explained) {
  const auto line = [&](const std::string& label, const std::string& text) {
    out << fmt::format("{:<19}{}\n", label, text);
  };
  line(explained.issued() ? "issued by" : "refused by", asked.token_url);
  if (!explained.issued()) {
    line("client ID", asked.client_id.value);
    line("error", explained.error);
  }
  for (const auto& [label, text] : explained.facts) line(label, text);
  if (!explained.remarks.empty()) out << '\n';
  for (const Remark& remark : explained.remarks) {
    out << remark.what << '\n';
    if (!remark.remedy.empty()) out << "  to do: " << remark.remedy << '\n';
  }
}

Result<void> check_call(const TokenOptions& options) {
  const bool from_files = !options.client_id.empty() || !options.client_secret_file.empty();
  if (options.secret.empty() == !from_files)
    return fail(ErrorKind::Invalid,
                "say whose token: --secret NAMESPACE/NAME, or --client-id and --client-secret-file");
  if (from_files && (options.client_id.empty() || options.client_secret_file.empty()))
    return fail(ErrorKind::Invalid, "--client-id and --client-secret-file belong together");
  for (const std::string& scope : options.scopes)
    if (!oauth::is_scope_token(scope))
      return fail(ErrorKind::Invalid, "--scope '" + scope + "' is not the name of a scope");
  for (const std::string& resource : options.resources)
    if (!oauth::is_resource(resource))
      return fail(ErrorKind::Invalid,
                  "--resource '" + resource + "' is no absolute URI, as https://api.example.com");
  return {};
}

}  // namespace

Result<SecretContents> read_contents(Json& secret, const std::string& name, const Json& keys) {
  const api::CredentialKeys usual;
  const auto take = [&](const char* field, const std::string& otherwise) -> Result<std::string> {
    const std::string key = keys.is_object() ? keys.value(field, otherwise) : otherwise;
    const Json::json_pointer at = Json::json_pointer("/data") / key;
    if (!secret.contains(at) || !secret[at].is_string()) return std::string();
    std::string encoded = std::move(secret[at].get_ref<std::string&>());
    auto decoded = unbase64(encoded);
    cleanse(encoded);
    if (!decoded)
      return fail(ErrorKind::Invalid, fmt::format("the key {} of the Secret {} is not base64", key, name));
    return std::move(*decoded);
  };
  SecretContents contents;
  NEOID_TRY(std::string id, take("clientID", usual.client_id));
  NEOID_TRY(std::string value, take("clientSecret", usual.client_secret));
  contents.client_id = ClientId(std::move(id));
  contents.client_secret = Secret(std::move(value));
  NEOID_TRY(contents.token_url, take("tokenURL", usual.token_url));
  NEOID_TRY(contents.issuer, take("issuer", usual.issuer));
  if (contents.client_id.empty() || contents.client_secret.empty())
    return fail(
        ErrorKind::Invalid,
        fmt::format(
            "the Secret {} holds no client ID and secret under the keys {} and {}: is it one of neoid's, "
            "and is its user Ready?",
            name, keys.is_object() ? keys.value("clientID", usual.client_id) : usual.client_id,
            keys.is_object() ? keys.value("clientSecret", usual.client_secret) : usual.client_secret));
  return contents;
}

int fetch_token(const ClusterFlags& cluster, const TokenOptions& options, Instant now,
                const Streams& streams) {
  if (auto checked = check_call(options); !checked) {
    report(streams.err, checked.error());
    return kWrongCall;
  }
  const auto ready = make_ready(cluster, options, streams);
  if (!ready) return report(streams.err, ready.error());
  auto answer = request_token(*ready, options);
  if (!answer) return report(streams.err, answer.error());
  const TokenAnswer told{answer->status, std::string(answer->headers.get("Content-Type")),
                         std::string(answer->headers.get("Retry-After")), std::move(answer->body)};
  const Explanation explained = explain_token(ready->asked, told, now);
  if (options.format == TokenFormat::Json) {
    streams.out
        << as_json(ready->asked, explained, told.status).dump(2, ' ', false, Json::error_handler_t::replace)
        << '\n';
  } else if (options.format == TokenFormat::Token && explained.issued()) {
    streams.out << explained.token.reveal() << '\n';
  } else {
    print_text(options.format == TokenFormat::Token ? streams.err : streams.out, ready->asked, explained);
  }
  return explained.issued() ? kDone : kFailed;
}

}  // namespace neoid::cli
