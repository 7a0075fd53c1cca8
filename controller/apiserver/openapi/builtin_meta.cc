// meta/v1: what all objects share, and the kinds of requests and answers.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kMetaSchemas = R"schema(
package io.k8s.apimachinery.pkg.apis.meta.v1 ""
type ObjectMeta "What every stored object carries: its names, identity, labels and history."
  name 1 string "Name of the object, unique among its kind in the namespace; it cannot change."
  generateName 2 string "Prefix of a name that the server completes when no name is given."
  namespace 3 string "Namespace that the object lives in; empty for objects of the whole cluster."
  selfLink 4 string "Not filled in any more."
  uid 5 string "Identity of this very object; the server sets it and never uses it again."
  resourceVersion 6 string "Opaque version of the stored object, for optimistic locking and watches."
  generation 7 int64 "Number of the desired state; the server raises it when the desired state changes."
  creationTimestamp 8 time "When the server stored the object first."
  deletionTimestamp 9 time "When the object was marked for deletion; it goes once its finalizers are gone."
  deletionGracePeriodSeconds 10 int64 "Seconds that the object was given to end in good order."
  labels 11 {string} "Keys and values to select objects by."
  annotations 12 {string} "Keys and values that tools keep with the object; not for selection."
  ownerReferences 13 [OwnerReference] merge(uid) "Objects that this one depends on; when all of them are gone, it is removed."
  finalizers 14 [string] merge "Names that hold the deletion back until each has been taken away."
  managedFields 17 [ManagedFieldsEntry] "Who set which field, kept by the server for server-side apply."
type OwnerReference atomic "A reference to an owner in the same namespace, or of the whole cluster."
  apiVersion 5 string !
  kind 1 string !
  name 3 string !
  uid 4 string !
  controller 6 bool
  blockOwnerDeletion 7 bool
type ManagedFieldsEntry "The fields that one manager set through one version of the API."
  manager 1 string
  operation 2 string
  apiVersion 3 string
  time 4 time
  fieldsType 6 string
  fieldsV1 7 FieldsV1
  subresource 8 string
type ListMeta "What every list carries."
  selfLink 1 string
  resourceVersion 2 string
  continue 3 string
  remainingItemCount 4 int64
type DeleteOptions bare "Options of a deletion."
  gracePeriodSeconds 1 int64
  preconditions 2 Preconditions
  orphanDependents 3 bool
  propagationPolicy 4 string
  dryRun 5 [string] atomic
  ignoreStoreReadErrorWithClusterBreakingPotential 6 bool
type Preconditions
  uid 1 string
  resourceVersion 2 string
type Status bare "The outcome of a request that returns no object."
  metadata 1 ListMeta ={} "Standard metadata of the object."
  status 2 string
  message 3 string
  reason 4 string
  details 5 StatusDetails
  code 6 int32
type StatusDetails
  name 1 string
  group 2 string
  kind 3 string
  uid 6 string
  causes 4 [StatusCause]
  retryAfterSeconds 5 int32
type StatusCause
  reason 1 string
  message 2 string
  field 3 string
type APIGroup bare
  name 1 string !
  versions 2 [GroupVersionForDiscovery] !
  preferredVersion 3 GroupVersionForDiscovery ={}
  serverAddressByClientCIDRs 4 [ServerAddressByClientCIDR]
type GroupVersionForDiscovery
  groupVersion 1 string !
  version 2 string !
type ServerAddressByClientCIDR
  clientCIDR 1 string !
  serverAddress 2 string !
type APIGroupList bare
  groups 1 [APIGroup] !
type APIResourceList bare
  groupVersion 1 string !
  resources 2 [APIResource] !
type APIResource
  name 1 string !
  singularName 6 string !
  namespaced 2 bool !
  group 8 string
  version 9 string
  kind 3 string !
  verbs 4 [string] !
  shortNames 5 [string]
  categories 7 [string]
  storageVersionHash 10 string
type APIVersions bare
  versions 1 [string] !
  serverAddressByClientCIDRs 2 [ServerAddressByClientCIDR] !
type LabelSelector atomic "A query over labels; all its requirements must hold."
  matchLabels 1 {string}
  matchExpressions 2 [LabelSelectorRequirement]
type LabelSelectorRequirement
  key 1 string !
  operator 2 string !
  values 3 [string]
type Condition "One observed aspect of an object's state."
  type 1 string !
  status 2 string !
  observedGeneration 3 int64
  lastTransitionTime 4 time !
  reason 5 string !
  message 6 string !
type WatchEvent bare
  type 1 string !
  object 2 raw !
type FieldSelectorRequirement
  key 1 string
  operator 2 string
  values 3 [string]
)schema";
// clang-format on

}  // namespace neoid::openapi
