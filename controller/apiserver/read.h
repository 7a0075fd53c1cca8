// Reads: get, list with selectors, pages and resource versions, and watch.
// Source: k8s.io/apiserver/pkg/endpoints/handlers/{get,watch}.go; Kubernetes API concepts.
#pragma once

#include <string>
#include <string_view>

#include "controller/apiserver/core.h"
#include "controller/apiserver/options.h"
#include "controller/apiserver/selector.h"
#include "controller/apiserver/serve.h"

namespace neoid::apiserver {

http::Response handle_get(const Core& core, Call& call);
http::Response handle_list(const Core& core, Call& call);
http::Response handle_watch(const Core& core, Call& call);

Answer<Selection> read_selection(const ListQuery& query, const ResourceInfo& resource);
// The list in the form that the call asks for.
http::Response respond_list(const Core& core, const Call& call,
                            const std::vector<storage::StoredObject>& items, const ListMeta& meta);

// Continue tokens have the form of a real server's: base64url of {"v","rv","start"}.
std::string encode_continue(storage::Revision revision, const storage::ObjectKey& last, bool all_namespaces);
struct ContinueToken {
  storage::Revision revision = 0;  // -1: whatever is there now
  storage::ObjectKey start;
};
Answer<ContinueToken> decode_continue(std::string_view token, const ResourceInfo& resource,
                                      std::string_view ns);

}  // namespace neoid::apiserver
