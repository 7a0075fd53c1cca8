// Leases, events, RBAC and the reviews.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kGroupSchemas = R"schema(
package io.k8s.api.coordination.v1 coordination.k8s.io
type Lease kind "Lease is a claim of a holder that has to be renewed."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 LeaseSpec ={}
type LeaseSpec
  holderIdentity 1 string "Who holds the lease."
  leaseDurationSeconds 2 int32 "Seconds after the last renewal when others may take the lease."
  acquireTime 3 microtime "When the holder got the lease."
  renewTime 4 microtime "When the holder renewed it last."
  leaseTransitions 5 int32 "How often the lease changed hands."
  strategy 6 string
  preferredHolder 7 string
package io.k8s.api.events.v1 events.k8s.io
type Event kind "Event reports something that happened to an object."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  eventTime 2 microtime !
  series 3 EventSeries
  reportingController 4 string
  reportingInstance 5 string
  action 6 string
  reason 7 string
  regarding 8 core.ObjectReference ={}
  related 9 core.ObjectReference
  note 10 string
  type 11 string
  deprecatedSource 12 core.EventSource ={}
  deprecatedFirstTimestamp 13 time
  deprecatedLastTimestamp 14 time
  deprecatedCount 15 int32
type EventSeries
  count 1 int32 !
  lastObservedTime 2 microtime !
package io.k8s.api.rbac.v1 rbac.authorization.k8s.io
type Role kind "Role is a set of permissions in a namespace."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  rules 2 [PolicyRule] !
type PolicyRule "Verbs on resources, or on paths that are no resources."
  verbs 1 [string] !
  apiGroups 2 [string]
  resources 3 [string]
  resourceNames 4 [string]
  nonResourceURLs 5 [string]
type RoleBinding kind "RoleBinding gives the permissions of a role to subjects, in one namespace."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  subjects 2 [Subject]
  roleRef 3 RoleRef ! ={}
type Subject atomic
  kind 1 string !
  apiGroup 2 string
  name 3 string !
  namespace 4 string
type RoleRef atomic
  apiGroup 1 string !
  kind 2 string !
  name 3 string !
type ClusterRole kind "ClusterRole is a set of permissions in the whole cluster."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  rules 2 [PolicyRule] !
  aggregationRule 3 AggregationRule
type AggregationRule
  clusterRoleSelectors 1 [meta.LabelSelector]
type ClusterRoleBinding kind "ClusterRoleBinding gives the permissions of a ClusterRole to subjects everywhere."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  subjects 2 [Subject]
  roleRef 3 RoleRef ! ={}
package io.k8s.api.authorization.v1 authorization.k8s.io
type SelfSubjectAccessReview review "SelfSubjectAccessReview asks whether the asking user may do something."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 SelfSubjectAccessReviewSpec ! ={}
  status 3 SubjectAccessReviewStatus ={}
type SelfSubjectAccessReviewSpec
  resourceAttributes 1 ResourceAttributes
  nonResourceAttributes 2 NonResourceAttributes
type ResourceAttributes
  namespace 1 string
  verb 2 string
  group 3 string
  version 4 string
  resource 5 string
  subresource 6 string
  name 7 string
  fieldSelector 8 FieldSelectorAttributes
  labelSelector 9 LabelSelectorAttributes
type FieldSelectorAttributes
  rawSelector 1 string
  requirements 2 [meta.FieldSelectorRequirement]
type LabelSelectorAttributes
  rawSelector 1 string
  requirements 2 [meta.LabelSelectorRequirement]
type NonResourceAttributes
  path 1 string
  verb 2 string
type SubjectAccessReviewStatus
  allowed 1 bool !
  denied 4 bool
  reason 2 string
  evaluationError 3 string
type SelfSubjectRulesReview review "SelfSubjectRulesReview lists what the asking user may do in a namespace."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 SelfSubjectRulesReviewSpec ! ={}
  status 3 SubjectRulesReviewStatus ={}
type SelfSubjectRulesReviewSpec
  namespace 1 string
type SubjectRulesReviewStatus
  resourceRules 1 [ResourceRule] !
  nonResourceRules 2 [NonResourceRule] !
  incomplete 3 bool !
  evaluationError 4 string
type ResourceRule
  verbs 1 [string] ! atomic
  apiGroups 2 [string]
  resources 3 [string]
  resourceNames 4 [string]
type NonResourceRule
  verbs 1 [string] !
  nonResourceURLs 2 [string]
type SubjectAccessReview review "SubjectAccessReview asks whether a user may do something."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 SubjectAccessReviewSpec ! ={}
  status 3 SubjectAccessReviewStatus ={}
type SubjectAccessReviewSpec
  resourceAttributes 1 ResourceAttributes
  nonResourceAttributes 2 NonResourceAttributes
  user 3 string
  groups 4 [string]
  extra 5 {[string]}
  uid 6 string
type LocalSubjectAccessReview review "LocalSubjectAccessReview asks whether a user may do something in a namespace."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 SubjectAccessReviewSpec ! ={}
  status 3 SubjectAccessReviewStatus ={}
package io.k8s.api.authentication.v1 authentication.k8s.io
type TokenReview review "TokenReview asks whose a token is."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 TokenReviewSpec ! ={}
  status 3 TokenReviewStatus ={}
type TokenReviewSpec
  token 1 string
  audiences 2 [string]
type TokenReviewStatus
  authenticated 1 bool
  user 2 UserInfo
  audiences 4 [string]
  error 3 string
type UserInfo
  username 1 string
  uid 2 string
  groups 3 [string]
  extra 4 {[string]}
type SelfSubjectReview review
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  status 2 SelfSubjectReviewStatus ={}
type SelfSubjectReviewStatus
  userInfo 1 UserInfo
type TokenRequest review
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 TokenRequestSpec ! ={}
  status 3 TokenRequestStatus ={}
type TokenRequestSpec
  audiences 1 [string]
  expirationSeconds 4 int64
  boundObjectRef 3 BoundObjectReference
type BoundObjectReference
  kind 1 string
  apiVersion 2 string
  name 3 string
  uID 4 string
type TokenRequestStatus
  token 1 string
  expirationTimestamp 2 time
)schema";
// clang-format on

}  // namespace neoid::openapi
