// NamespaceController: empties namespaces that are being deleted, says in their status what is in the way,
// and releases them when they are empty. Level-based; run() belongs to one thread.
// Source: k8s.io/kubernetes/pkg/controller/namespace/deletion.
#pragma once

#include <map>
#include <string>

#include "controller/apiserver/core.h"

namespace neoid::apiserver {

class NamespaceController {
 public:
  explicit NamespaceController(const Core& core) : core_(core) {}
  // True: a namespace waits for finalizers of its content; run again soon.
  bool run();

 private:
  bool empty(const storage::StoredObject& stored);
  void store_conditions(const storage::StoredObject& stored, std::size_t left,
                        const std::map<std::string, std::size_t>& kinds,
                        const std::map<std::string, std::size_t>& finalizers);

  const Core& core_;
};

}  // namespace neoid::apiserver
