// What a token endpoint answered, in words: the token's claims, what was granted against what was asked, or why not and
// what to do. Pure.
//
// Any server's answer is explained, not only neoid's: nothing of it is believed, and bytes of it that a terminal would
// obey are shown as `?`. The signature is not verified here: that is a resource server's work.
// RFC 6749 sections 5.1 and 5.2, RFC 8707 (invalid_target), RFC 9068 (claims), RFC 7519.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/base/ids.h"
#include "reconcile/base/secret.h"
#include "reconcile/base/time.h"
#include "reconcile/value/json.h"

namespace neoid::cli {

struct AskedToken {
  std::string credential;  // "Secret apps/billing-oauth", "the file secret.txt": where a remedy points to
  std::string token_url;
  ClientId client_id;
  std::vector<std::string> scopes;     // empty: everything that is granted
  std::vector<std::string> resources;  // empty: the server's default
  std::string issuer;                  // expected; empty: unknown
};

struct TokenAnswer {
  int status = 0;
  std::string content_type;
  std::string retry_after;
  std::string body;
};

// Something to know or to mend.
struct Remark {
  std::string what;
  std::string remedy;  // empty: nothing to do
  bool operator==(const Remark&) const = default;
};

struct Explanation {
  Secret token;                       // empty: none was issued
  std::string error;                  // the code of the RFC, or "status 502"; empty: issued
  Json header, claims;                // null: none, or an opaque token
  std::vector<std::string> granted;   // in the order of the answer
  std::vector<std::string> withheld;  // asked for and not granted
  std::optional<Instant> expires_at;
  std::vector<std::pair<std::string, std::string>> facts;  // label and text, in the order to show
  std::vector<Remark> remarks;

  bool issued() const { return error.empty(); }
};

Explanation explain_token(const AskedToken& asked, const TokenAnswer& answer, Instant now);

// "9 minutes 58 seconds": the two largest parts; "0 seconds".
std::string in_words(Duration duration);
// Without what a terminal would obey; at most 300 bytes.
std::string printable(std::string_view text);

}  // namespace neoid::cli
