// A connection through an HTTP proxy: CONNECT, and what comes after it is the origin's (RFC 9110, section 9.3.6).
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/http/base_url.h"
#include "controller/http/connection.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"

namespace neoid::http {

struct Proxy {
  BaseUrl url;
  Secret authorization;  // "Basic ...": the user and password of the URL; empty: none
};
// "http://host:port", with USER:PASSWORD@ before the host where the proxy asks for it. Invalid: another scheme, a path.
Result<Proxy> parse_proxy(std::string_view text);

// The tunnel to the origin, nothing of the origin's read or written yet. Unavailable: no proxy there, or it refused; the
// message has its status line.
Result<std::unique_ptr<Connection>> connect_through(const Proxy& proxy, const BaseUrl& origin,
                                                    SteadyTime deadline, const std::stop_token& stop);

}  // namespace neoid::http
