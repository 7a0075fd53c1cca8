#include "controller/cli/validate/resource.h"

#include <fmt/format.h>

#include "reconcile/meta/object_meta.h"

namespace neoid::validate {
namespace {

constexpr std::string_view kAnySuffix = "xxxxx";  // of a generated name: its characters do not matter

}  // namespace

std::string text_member(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string title_of(const Json& object) {
  std::string title = text_member(object, "kind");
  const std::string ns = meta::namespace_of(object);
  const std::string name = meta::name_of(object);
  if (name.empty()) return title;
  return title + " " + (ns.empty() ? name : ns + "/" + name);
}

std::vector<Member> members_of(Json& document) {
  if (!text_member(document, "kind").ends_with("List")) return {{&document, ""}};
  const auto items = document.find("items");
  if (items == document.end() || !items->is_array()) return {{&document, ""}};
  std::vector<Member> members;
  for (std::size_t i = 0; i < items->size(); ++i)
    members.push_back({&(*items)[i], fmt::format("items[{}]", i)});
  return members;
}

void complete_metadata(Json& object, bool namespaced, std::string_view default_namespace) {
  const auto found = object.find("metadata");
  if (found == object.end() || found->is_null()) object["metadata"] = Json::object();
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) return;
  const std::string prefix = text_member(metadata, "generateName");
  if (text_member(metadata, "name").empty() && !prefix.empty())
    metadata["name"] = meta::generated_name(prefix, kAnySuffix);
  if (namespaced && text_member(metadata, "namespace").empty()) metadata["namespace"] = default_namespace;
}

Prepared prepare(Json& object, const schema::Crd& crd, const schema::Version& version,
                 std::string_view default_namespace) {
  Prepared prepared;
  prepared.unknown_fields = version.schema.prune(object);
  if (version.status_subresource) object.erase("status");  // a server drops it from what clients write
  version.schema.apply_defaults(object);
  complete_metadata(object, crd.scope == schema::Scope::Namespaced, default_namespace);
  return prepared;
}

}  // namespace neoid::validate
