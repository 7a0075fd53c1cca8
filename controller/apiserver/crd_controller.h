// CrdController: makes CustomResourceDefinitions into resources that are served, and takes them away again.
//
// Flow: for each CRD: load it -> accept its names, in the order of creation, where no other CRD of the group
// has them -> conditions NamesAccepted and Established -> the registry. A CRD that is being deleted loses its
// objects, then its finalizer, then is gone.
// Guarantees: level-based: run() reads everything and writes only what differs; the registry is what is
// stored. Thread-safe as long as one thread at a time calls run().
// Source: apiextensions-apiserver/pkg/controller/{status,establish,finalizer}.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "controller/apiserver/core.h"

namespace neoid::apiserver {

class CrdController {
 public:
  explicit CrdController(const Core& core) : core_(core) {}

  // Finish: also empty and remove the CRDs that are being deleted, which may take long.
  enum class Deletions { Leave, Finish };
  // True: something waits (objects with finalizers) and it should be run again soon.
  bool run(Deletions deletions);
  // The CRDs that are served now, for the OpenAPI documents.
  const std::vector<ResourceRef>& served() const { return served_; }

 private:
  struct Loaded {
    storage::Revision revision = 0;
    std::int64_t generation = 0;
    std::shared_ptr<const schema::Crd> crd;
    storage::Revision schema_revision = 0;
  };
  const Loaded* load(const storage::StoredObject& stored);
  Json accept_names(const Json& crd, const std::vector<Json>& others) const;
  bool finish_deletion(const storage::StoredObject& stored, const schema::Crd& crd);
  void store_status(const storage::StoredObject& stored, Json value);

  const Core& core_;
  std::map<std::string, Loaded> loaded_;  // by UID
  std::vector<ResourceRef> served_;
};

}  // namespace neoid::apiserver
