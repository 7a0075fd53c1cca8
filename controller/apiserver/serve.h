// Answers: stored objects as a client sees them in its version, and in the form that it asked for.
//
// Stored values have neither apiVersion nor kind: the built-in kinds' list items have none, and for the rest
// they are put in front of the stored bytes, which are copied once into the answer. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/core.h"

namespace neoid::apiserver {

// The object as served: converted, with apiVersion and kind, pruned and filled in where its schema changed.
Json serve(const ResourceInfo& resource, const storage::StoredObject& stored);
Json serve_value(const ResourceInfo& resource, const Json& stored, storage::Revision revision);
// The same as text.
std::string serve_text(const ResourceInfo& resource, const storage::StoredObject& stored);
// What is stored of a served object.
Json to_stored(const ResourceInfo& resource, Json served);

// {"metadata": ...} of a table, partial metadata or the like.
Json partial_metadata(const Json& object, std::string_view version);
struct ListMeta {
  std::string resource_version, continue_token;
  std::optional<std::int64_t> remaining;
};
Json list_meta_json(const ListMeta& meta, bool always_continue);

enum class IncludeObject { Metadata, Object, None };
enum class Header { Yes, No };
// A Table of the objects (as served). `now` is what ages are counted from.
Json make_table(const ResourceInfo& resource, const std::vector<Json>& objects, const ListMeta& meta,
                IncludeObject include, std::string_view version, Instant now, Header header = Header::Yes);
Answer<IncludeObject> read_include(const http::Request& request);

// One object (as served) in the form that the call asks for, with its warnings.
http::Response respond_object(const Core& core, const Call& call, int code, const Json& object);
http::Response respond_text(const Call& call, int code, std::string json_text);
http::Response respond_json(const Call& call, int code, const Json& value);
http::Response respond_error(const Call& call, const ApiError& error);

// The Content-Type of the call's answers.
std::string_view content_type(const MediaType& media);
// `299 - "text"`.
std::string warning_header(std::string_view text);

}  // namespace neoid::apiserver
