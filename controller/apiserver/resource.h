// ResourceInfo: everything that the verbs need to know of one resource in one version, built-in or custom.
// Registry: the resources that are served now.
//
// A ResourceInfo is immutable and shared; the registry replaces its whole table when a CRD comes, changes or
// goes, so a request works on the table it began with. Registry is thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/apply/type_info.h"
#include "controller/apiserver/go_type.h"
#include "controller/apiserver/status.h"
#include "controller/apiserver/storage/object.h"
#include "controller/base/mutex.h"
#include "reconcile/meta/names.h"
#include "reconcile/schema/crd.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::apiserver {

// What is particular to a built-in kind; every function may be null.
struct Strategy {
  // After decoding: defaults, and write-only members turned into what is stored.
  void (*complete)(Json& object) = nullptr;
  void (*prepare_create)(Json& object) = nullptr;
  void (*prepare_update)(Json& object, const Json& old) = nullptr;
  std::vector<FieldError> (*validate)(const Json& object) = nullptr;
  std::vector<FieldError> (*validate_update)(const Json& object, const Json& old) = nullptr;
  meta::NameRule names = meta::NameRule::Subdomain;
};

// A column of a table; `cell` makes its value from an object as it is served.
struct Column {
  std::string name, type, format, description;
  int priority = 0;
  std::function<Json(const Json& object, Instant now)> cell;
};

struct FieldLabel {
  std::string label;
  std::function<std::string(const Json& object)> value;
};

// Another shape of the same stored objects (events.k8s.io over core events).
struct Conversion {
  Json (*to_stored)(const Json& object) = nullptr;
  Json (*from_stored)(const Json& object) = nullptr;
};

struct ResourceInfo {
  std::string group, version, plural, singular, kind, list_kind;
  bool namespaced = true;
  bool custom = false;
  bool status = false;       // has the subresource
  bool finalize = false;     // namespaces
  bool create_only = false;  // reviews: nothing is stored
  bool collection_delete = true;
  bool generation = false;           // metadata.generation counts changes of the spec
  bool status_is_separate = false;   // the main endpoint does not write status
  bool unconditional_update = true;  // a PUT without resourceVersion is taken
  bool create_on_update = false;
  bool graceful = true;  // marks what waits for finalizers with deletionGracePeriodSeconds 0
  std::vector<std::string> short_names, categories;
  std::string stored_as;      // resource of the storage's keys
  std::string registry_path;  // as a real server names keys in messages: "/registry/secrets"
  std::vector<Column> columns;
  std::vector<FieldLabel> labels;
  bool plain_labels = false;  // metadata only; refuses others in other words
  Strategy strategy;
  const GoStruct* go_type = nullptr;  // of built-in kinds
  // The object that has nothing yet, as Go prints it: what a create is compared with for managed fields.
  Json blank = Json::object();
  Conversion conversion;
  // Of every version of the kind, for managed fields; shared by its versions.
  std::shared_ptr<const apply::VersionedTypes> types;

  // Custom resources.
  std::shared_ptr<const schema::Crd> crd;
  const schema::Version* crd_version = nullptr;  // within *crd
  storage::Revision schema_revision = 0;         // what is stored after it fits the schema as it is
  bool terminating = false;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  GroupResource group_resource() const { return {group, plural}; }
  GroupResource group_kind() const { return {group, kind}; }
  storage::ObjectKey key(std::string_view ns, std::string_view name) const {
    return {stored_as, std::string(namespaced ? ns : ""), std::string(name)};
  }
};
using ResourceRef = std::shared_ptr<const ResourceInfo>;

// The table of one moment.
class Resources {
 public:
  void add(ResourceRef resource);
  ResourceRef find(std::string_view group, std::string_view version, std::string_view plural) const;
  // By kind, in any version: what an owner reference names.
  ResourceRef find_kind(std::string_view group, std::string_view kind) const;
  // By the storage's name; the version that stores it.
  ResourceRef find_stored(std::string_view stored_as) const;
  bool is_builtin_group(std::string_view group) const;
  const std::vector<ResourceRef>& all() const { return all_; }

 private:
  std::vector<ResourceRef> all_;
  std::map<std::string, ResourceRef, std::less<>> by_path_;  // "group/version/plural"
};

class Registry {
 public:
  Registry();  // the built-in kinds
  std::shared_ptr<const Resources> snapshot() const;
  // Replaces all custom resources.
  void replace_custom(const std::vector<ResourceRef>& custom);

 private:
  std::vector<ResourceRef> builtin_;
  mutable Mutex mutex_;
  std::shared_ptr<const Resources> current_ NEOID_GUARDED_BY(mutex_);
};

std::vector<ResourceRef> builtin_kinds();
// The served versions of an established CRD.
std::vector<ResourceRef> custom_kinds(const std::shared_ptr<const schema::Crd>& crd,
                                      storage::Revision schema_revision);

}  // namespace neoid::apiserver
