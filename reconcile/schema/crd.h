// A CustomResourceDefinition (apiextensions.k8s.io/v1): read, completed and judged as a kube-apiserver does.
//
// Flow: read_crd (the JSON into the form that a server stores: unknown fields dropped, defaults written,
// a wrong JSON type is an Error) -> load_crd (every check of a server; then compiled schemas).
// Pure; results are immutable values, safe to share between threads.
// Source: apiextensions-apiserver/pkg/apis/apiextensions/{v1,validation}; Kubernetes 1.26 unless a later
// version is asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/cel/version.h"
#include "reconcile/schema/compiled.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"
#include "tl/expected.hpp"

namespace neoid::schema {

using cel::KubernetesVersion;

enum class Scope { Namespaced, Cluster };

struct Names {
  std::string plural, singular, kind, list_kind;
  std::vector<std::string> short_names, categories;
  bool operator==(const Names&) const = default;
};

struct PrinterColumn {
  std::string name, type, format, description, json_path;
  int priority = 0;
};

struct ScaleSubresource {
  std::string spec_replicas_path, status_replicas_path, label_selector_path;
};

struct Version {
  std::string name;
  bool served = false;
  bool storage = false;
  bool deprecated = false;
  std::string deprecation_warning;  // what the warning header says; made up by the server's rule if not given
  std::vector<PrinterColumn> columns;  // as given; a server shows Age where there are none
  bool status_subresource = false;
  std::optional<ScaleSubresource> scale;
  Json openapi;  // openAPIV3Schema as stored, with titles and descriptions; null if there is none
  CompiledSchema schema;
};

struct Crd {
  Json object;  // as the server stores it: defaults written, unknown fields dropped; status as it was given
  std::string name;  // "widgets.example.com"
  std::string group;
  Names names;
  Scope scope = Scope::Namespaced;
  std::vector<Version> versions;  // as written

  const Version* find_version(std::string_view version_name) const;  // null if there is none
  const Version& storage_version() const;
  std::string preferred_version() const;  // of the served ones, by Kubernetes' version priority; may be empty
};

struct ReadCrd {
  Json object;
  // Fields that a CRD does not have ("spec.versions[0].schema.openAPIV3Schema.properties.a.x-nonsense"):
  // warnings, or with strict field validation an error.
  std::vector<std::string> unknown_fields;
};

// ErrorKind::Invalid: a value of a wrong JSON type; the message is that of Go's decoder ("json: cannot
// unmarshal string into Go struct field ... of type bool"), which the server puts behind
// `CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: `. Written:
// names.listKind, names.singular, conversion.strategy, webhook port, and members that Go always prints
// (names.plural, names.kind). Does not touch status.
Result<ReadCrd> read_crd(const Json& object, KubernetesVersion version = {});

// All checks of a create (or, with `old`, the stored CRD, of an update: immutable names and scope). Errors
// are in a server's words; order is that of its checks. `object` need not have been through read_crd.
// Metadata: only the name is judged here (reconcile/meta does the rest). status.storedVersions is taken to
// hold the storage version, as a server arranges before it validates.
tl::expected<Crd, std::vector<FieldError>> load_crd(const Json& object, KubernetesVersion version = {},
                                                    const Json* old = nullptr);

}  // namespace neoid::schema
