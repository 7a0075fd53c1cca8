// A CRD as resources to serve.
#include <fmt/format.h>

#include "controller/apiserver/columns.h"
#include "controller/apiserver/openapi/builtin.h"
#include "controller/apiserver/resource.h"

namespace neoid::apiserver {

std::vector<ResourceRef> custom_kinds(const std::shared_ptr<const schema::Crd>& crd,
                                      storage::Revision schema_revision) {
  auto types = std::make_shared<apply::VersionedTypes>();
  for (const schema::Version& version : crd->versions)
    (*types)[crd->group + "/" + version.name] =
        version.openapi.is_null() ? apply::deduced_type()
                                  : apply::type_of_crd_schema(version.openapi, openapi::builtin_reference);
  std::vector<ResourceRef> made;
  for (const schema::Version& version : crd->versions) {
    if (!version.served) continue;
    auto info = std::make_shared<ResourceInfo>();
    info->group = crd->group;
    info->version = version.name;
    info->plural = crd->names.plural;
    info->singular = crd->names.singular;
    info->kind = crd->names.kind;
    info->list_kind = crd->names.list_kind;
    info->short_names = crd->names.short_names;
    info->categories = crd->names.categories;
    info->namespaced = crd->scope == schema::Scope::Namespaced;
    info->custom = true;
    info->blank = {{"apiVersion", info->api_version()}, {"kind", info->kind}};
    info->status = info->status_is_separate = version.status_subresource;
    info->generation = true;
    info->unconditional_update = false;
    info->stored_as = info->plural + "." + info->group;
    info->registry_path = fmt::format("/registry/{}/{}", info->group, info->plural);
    info->columns = custom_columns(version.columns);
    const auto metadata_label = [](const char* name) {
      return FieldLabel{fmt::format("metadata.{}", name),
                        [name](const Json& object) { return object["metadata"].value(name, std::string()); }};
    };
    info->labels.push_back(metadata_label("name"));
    if (info->namespaced) info->labels.push_back(metadata_label("namespace"));
    info->types = types;
    info->crd = crd;
    info->crd_version = &version;
    info->schema_revision = schema_revision;
    made.push_back(std::move(info));
  }
  return made;
}

}  // namespace neoid::apiserver
