#include "controller/http/tunnel.h"

#include <utility>

#include "controller/http/headers.h"
#include "reconcile/base/crypto.h"

namespace neoid::http {
namespace {

constexpr std::size_t kMaxHead = 16 << 10;

// The head of the proxy's answer; a byte at a time, so that nothing of what follows it is taken.
Result<std::string> read_head(Connection& connection, SteadyTime deadline) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte = 0;
    const Connection::Count got = connection.read(&byte, 1, deadline);
    if (got.status == Io::Deadline)
      return fail(ErrorKind::Unavailable, "the proxy did not answer in time", "Deadline");
    if (got.status != Io::Done) return fail(ErrorKind::Unavailable, "the proxy closed the connection");
    head += byte;
    if (head.size() > kMaxHead) return fail(ErrorKind::Unavailable, "the proxy's answer makes no sense");
  }
  return head;
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view text) {
  Proxy proxy;
  std::string url(text);
  const std::size_t scheme = url.find("://");
  const std::size_t at = url.rfind('@');
  if (scheme != std::string::npos && at != std::string::npos) {
    std::string user = url.substr(scheme + 3, at - scheme - 3);
    url.erase(scheme + 3, at - scheme - 2);
    const auto plain = percent_decode(user);
    cleanse(user);
    if (!plain)
      return fail(ErrorKind::Invalid, "the user and password of the proxy's URL are not percent-encoded");
    proxy.authorization = Secret("Basic " + base64(*plain));
  }
  NEOID_TRY(proxy.url, parse_base_url(url));
  if (proxy.url.tls || !proxy.url.prefix.empty())
    return fail(ErrorKind::Invalid,
                "'" + url + "' is not http://HOST:PORT; only HTTP proxies with CONNECT are supported");
  return proxy;
}

Result<std::unique_ptr<Connection>> connect_through(const Proxy& proxy, const BaseUrl& origin,
                                                    SteadyTime deadline, const std::stop_token& stop) {
  const std::string context = "through the proxy " + proxy.url.host;
  auto connected = Connection::connect(proxy.url.host, proxy.url.port, deadline);
  if (!connected) return fail(wrap(context, std::move(connected).error()));
  Connection& connection = **connected;
  const std::stop_callback cut(stop, [&connection] { connection.cut(); });
  const bool bare_ipv6 = origin.host.find(':') != std::string::npos;
  const std::string where =
      (bare_ipv6 ? "[" + origin.host + "]" : origin.host) + ":" + std::to_string(origin.port);
  std::string request = "CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\n";
  if (!proxy.authorization.empty())
    request += "Proxy-Authorization: " + std::string(proxy.authorization.reveal()) + "\r\n";
  request += "\r\n";
  const Io written = connection.write(request, deadline);
  cleanse(request);
  if (written != Io::Done) return fail(ErrorKind::Unavailable, context + ": it closed the connection");
  auto head = read_head(connection, deadline);
  if (!head) return fail(wrap(context, std::move(head).error()));
  const std::string line = head->substr(0, head->find("\r\n"));
  const bool opened = line.starts_with("HTTP/1.") && line.size() > 9 && line[9] == '2';
  if (!opened) return fail(ErrorKind::Unavailable, context + ": it answered \"" + line + "\"");
  return connected;
}

}  // namespace neoid::http
