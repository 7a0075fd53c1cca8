#include "reconcile/schema/pruning.h"

#include <algorithm>
#include <string_view>

#include "reconcile/schema/walk.h"

namespace neoid::schema::internal {
namespace {

bool is_meta_field(std::string_view name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

// Of metav1.ObjectMeta; sorted.
constexpr std::string_view kMetadata[] = {
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
};

void prune_metadata(Json& metadata, const Path& path, std::vector<std::string>& unknown) {
  if (!metadata.is_object()) return;
  auto& members = metadata.get_ref<Json::object_t&>();
  for (auto it = members.begin(); it != members.end();) {
    if (std::binary_search(std::begin(kMetadata), std::end(kMetadata), std::string_view(it->first))) {
      ++it;
      continue;
    }
    unknown.push_back(Path::child(path, it->first).dotted());
    it = members.erase(it);
  }
}

// Everything of a value without a schema: objects are emptied, scalars stay.
void empty_out(Json& value, const Path& path, std::vector<std::string>& unknown) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) unknown.push_back(Path::child(path, key).dotted());
    value.clear();
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) empty_out(value[i], Path::index(path, i), unknown);
  }
}

enum class Mode {
  Prune,
  Keep
};  // Keep: below x-kubernetes-preserve-unknown-fields, up to the next known object

void walk(const Node& node, Json& value, bool resource, Mode mode, const Path& path,
          std::vector<std::string>& unknown) {
  if (mode == Mode::Prune && node.schema->preserve_unknown) mode = Mode::Keep;
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      Json& item = value[i];
      if (!item.is_structured()) continue;
      const Path at = Path::index(path, i);
      if (node.items)
        walk(*node.items, item, node.items->schema->embedded_resource, mode, at, unknown);
      else if (mode == Mode::Prune)
        empty_out(item, at, unknown);
    }
    return;
  }
  if (!value.is_object()) return;
  const bool any_allowed = node.schema->additional_allowed.has_value();
  std::vector<const std::string*> dropped;
  auto& members = value.get_ref<Json::object_t&>();
  for_each_member(members, node, [&](const std::string& key, Json& member, const Node* property) {
    if (resource && is_meta_field(key)) {
      if (key == "metadata") prune_metadata(member, Path::child(path, key), unknown);
      return;
    }
    const Node* child = property != nullptr ? property : node.additional.get();
    if (child != nullptr) {
      if (member.is_structured())
        walk(*child, member, child->schema->embedded_resource, Mode::Prune, Path::child(path, key), unknown);
    } else if (mode == Mode::Prune && any_allowed) {
      empty_out(member, Path::child(path, key), unknown);
    } else if (mode == Mode::Prune) {
      dropped.push_back(&key);
    }
  });
  for (const std::string* key : dropped) {
    unknown.push_back(Path::child(path, *key).dotted());
    members.erase(members.find(*key));
  }
}

}  // namespace

void prune(const Node& node, Json& value, Root root, const Path& path, std::vector<std::string>& unknown) {
  walk(node, value, root == Root::Resource || node.schema->embedded_resource, Mode::Prune, path, unknown);
}

}  // namespace neoid::schema::internal
