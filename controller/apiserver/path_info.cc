#include "controller/apiserver/path_info.h"

#include <algorithm>

#include "controller/http/headers.h"

namespace neoid::apiserver {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view piece = path.substr(0, slash);
    segments.push_back(http::percent_decode(piece).value_or(std::string(piece)));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

std::string verb_of(const std::string& method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "";
}

// The name in `metadata.name=x` of a field selector that says nothing else about the name.
std::string selected_name(std::string_view selector) {
  while (!selector.empty()) {
    const std::size_t comma = selector.find(',');
    std::string_view term = selector.substr(0, comma);
    selector = comma == std::string_view::npos ? "" : selector.substr(comma + 1);
    if (!term.starts_with("metadata.name=")) continue;
    term.remove_prefix(14);
    if (term.starts_with("=")) term.remove_prefix(1);
    return std::string(term);
  }
  return "";
}

}  // namespace

bool query_bool(const http::Request& request, std::string_view name) {
  const auto value = request.find_query(name);
  if (!value) return false;
  const std::string text = lower(std::string(*value));
  return text != "false" && text != "0";
}

PathInfo read_path(const http::Request& request) {
  PathInfo info;
  info.segments = split_path(request.path);
  for (const std::string& segment : info.segments) info.path += "/" + segment;
  if (info.path.empty()) info.path = "/";
  info.verb = lower(request.method);
  const std::vector<std::string>& all = info.segments;
  if (all.size() < 3 || (all[0] != "api" && all[0] != "apis")) return info;
  std::size_t at = 1;
  if (all[0] == "apis") {
    if (all.size() < 4) return info;
    info.group = all[at++];
  }
  info.version = all[at++];
  info.is_resource = true;
  info.verb = verb_of(request.method);
  if (at < all.size() && (all[at] == "watch" || all[at] == "proxy")) {
    if (at + 1 >= all.size()) {
      info.is_resource = false;
      return info;
    }
    info.watch_prefix = all[at] == "watch";
    info.verb = all[at++];
  }
  if (all[at] == "namespaces" && at + 1 < all.size()) {
    info.ns = all[at + 1];
    if (at + 2 < all.size() && all[at + 2] != "status" && all[at + 2] != "finalize") at += 2;
  }
  info.parts = all.size() - at;
  info.resource = all[at];
  if (info.parts >= 2) info.name = all[at + 1];
  if (info.parts >= 3 && !info.watch_prefix) info.subresource = all[at + 2];
  info.name_in_path = info.name;
  if (info.name.empty() && info.verb == "get") {
    info.verb = query_bool(request, "watch") ? "watch" : "list";
    if (const auto selector = request.find_query("fieldSelector")) info.name = selected_name(*selector);
  }
  if (info.name.empty() && info.verb == "delete") info.verb = "deletecollection";
  return info;
}

}  // namespace neoid::apiserver
