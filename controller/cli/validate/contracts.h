// Contracts: the CRDs that resources are judged by, ours and those of --crd.
//
// Ours are read from the program and compiled when the first resource of their kind comes: one small file pays for one
// kind. Thread-safe once all are added.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/api/resource_key.h"
#include "reconcile/schema/crd.h"
#include "reconcile/value/json.h"

namespace neoid::validate {

class Contracts {
 public:
  explicit Contracts(cel::KubernetesVersion version);
  ~Contracts();
  Contracts(const Contracts&) = delete;
  Contracts& operator=(const Contracts&) = delete;

  // A CRD more; one for a kind that is known takes its place. The errors are those of an API server.
  std::vector<FieldError> add(const Json& crd);

  // null: no CRD for this kind.
  const schema::Crd* find(std::string_view group, std::string_view kind) const;
  bool knows_group(std::string_view group) const;
  std::vector<std::string> groups() const;
  std::vector<std::string> kinds(std::string_view group) const;

 private:
  struct Lazy;
  cel::KubernetesVersion version_;
  std::vector<std::unique_ptr<Lazy>> embedded_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<schema::Crd>, std::less<>> added_;
};

// "identity.neostella.com/v1" into group and version; "v1" is of the group "".
std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version);

}  // namespace neoid::validate
