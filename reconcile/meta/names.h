// Which texts may be names, keys and values of Kubernetes, and what its API server says of those that may not.
// Pure and thread-safe. Each check returns every complaint, none if the text is fine.
// Source: kubernetes.io/docs/concepts/overview/working-with-objects/names and .../labels; RFC 1123, RFC 1035.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace neoid::meta {

using Complaints = std::vector<std::string>;

constexpr std::size_t kMaxSubdomainBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

Complaints check_dns1123_subdomain(std::string_view text);
Complaints check_dns1123_label(std::string_view text);
Complaints check_dns1035_label(std::string_view text);
// What can stand between two slashes of a path: not "." or "..", without / and %.
Complaints check_path_segment(std::string_view text);
// "name" or "example.com/name": keys of labels and annotations, finalizers.
Complaints check_qualified_name(std::string_view text);
Complaints check_label_value(std::string_view text);

// How the names of a kind are made: most are subdomains, namespaces are labels, RBAC takes path segments.
enum class NameRule { Subdomain, Label, Label1035, PathSegment };
// `prefix`: the text is a generateName, to which characters will be added.
Complaints check_name(std::string_view text, NameRule rule, bool prefix = false);

}  // namespace neoid::meta
