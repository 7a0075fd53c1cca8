// Webhook configurations, and the kinds that an installation brings along.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kWorkloadSchemas = R"schema(
package io.k8s.api.admissionregistration.v1 admissionregistration.k8s.io
type ValidatingWebhookConfiguration kind "ValidatingWebhookConfiguration says which webhooks may refuse which writes."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  webhooks 2 [ValidatingWebhook] merge(name)
type ValidatingWebhook
  name 1 string !
  clientConfig 2 WebhookClientConfig ! ={}
  rules 3 [RuleWithOperations]
  failurePolicy 4 string
  matchPolicy 9 string
  namespaceSelector 5 meta.LabelSelector
  objectSelector 10 meta.LabelSelector
  sideEffects 6 string !
  timeoutSeconds 7 int32
  admissionReviewVersions 8 [string] !
  matchConditions 11 [MatchCondition] merge(name) map(name)
type WebhookClientConfig
  url 3 string
  service 1 ServiceReference
  caBundle 2 bytes
type ServiceReference
  namespace 1 string !
  name 2 string !
  path 3 string
  port 4 int32
type RuleWithOperations
  operations 1 [string] atomic
  rule 2 Rule inline
type Rule
  apiGroups 1 [string] atomic
  apiVersions 2 [string] atomic
  resources 3 [string] atomic
  scope 4 string
type MatchCondition
  name 1 string !
  expression 2 string !
type MutatingWebhookConfiguration kind "MutatingWebhookConfiguration says which webhooks may change which writes."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  webhooks 2 [MutatingWebhook] merge(name)
type MutatingWebhook
  name 1 string !
  clientConfig 2 WebhookClientConfig ! ={}
  rules 3 [RuleWithOperations]
  failurePolicy 4 string
  matchPolicy 9 string
  namespaceSelector 5 meta.LabelSelector
  objectSelector 11 meta.LabelSelector
  sideEffects 6 string !
  timeoutSeconds 7 int32
  admissionReviewVersions 8 [string] !
  reinvocationPolicy 10 string
  matchConditions 12 [MatchCondition] merge(name) map(name)
package io.k8s.api.batch.v1 batch
type Job kind "Job runs pods until so many of them have ended well."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 JobSpec ={}
  status 3 JobStatus ={}
type JobSpec
  parallelism 1 int32
  completions 2 int32
  activeDeadlineSeconds 3 int64
  podFailurePolicy 11 PodFailurePolicy
  backoffLimit 7 int32
  selector 4 meta.LabelSelector
  manualSelector 5 bool
  template 6 core.PodTemplateSpec ! ={}
  ttlSecondsAfterFinished 8 int32
  completionMode 9 string
  suspend 10 bool
type PodFailurePolicy
  rules 1 [PodFailurePolicyRule] ! atomic
type PodFailurePolicyRule
  action 1 string !
  onExitCodes 2 PodFailurePolicyOnExitCodesRequirement
  onPodConditions 3 [PodFailurePolicyOnPodConditionsPattern] atomic
type PodFailurePolicyOnExitCodesRequirement
  containerName 1 string
  operator 2 string !
  values 3 [int32] ! set
type PodFailurePolicyOnPodConditionsPattern
  type 1 string !
  status 2 string !
type JobStatus
  conditions 1 [JobCondition] atomic merge(type)
  startTime 2 time
  completionTime 3 time
  active 4 int32
  succeeded 5 int32
  failed 6 int32
  completedIndexes 7 string
  uncountedTerminatedPods 8 UncountedTerminatedPods
  ready 9 int32
type UncountedTerminatedPods
  succeeded 1 [string] set
  failed 2 [string] set
type JobCondition
  type 1 string !
  status 2 string !
  lastProbeTime 3 time
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
package io.k8s.api.apps.v1 apps
type Deployment kind "Deployment keeps a number of equal pods running and replaces them step by step."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 DeploymentSpec ={}
  status 3 DeploymentStatus ={}
type DeploymentSpec
  replicas 1 int32
  selector 2 meta.LabelSelector !
  template 3 core.PodTemplateSpec ! ={}
  strategy 4 DeploymentStrategy retainKeys ={}
  minReadySeconds 5 int32
  revisionHistoryLimit 6 int32
  paused 7 bool
  progressDeadlineSeconds 9 int32
type DeploymentStrategy
  type 1 string
  rollingUpdate 2 RollingUpdateDeployment
type RollingUpdateDeployment
  maxUnavailable 1 intorstring
  maxSurge 2 intorstring
type DeploymentStatus
  observedGeneration 1 int64
  replicas 2 int32
  updatedReplicas 3 int32
  readyReplicas 7 int32
  availableReplicas 4 int32
  unavailableReplicas 5 int32
  conditions 6 [DeploymentCondition] merge(type)
  collisionCount 8 int32
type DeploymentCondition
  type 1 string !
  status 2 string !
  lastUpdateTime 6 time
  lastTransitionTime 7 time
  reason 4 string
  message 5 string
package io.k8s.api.policy.v1 policy
type PodDisruptionBudget kind "PodDisruptionBudget limits how many pods may be evicted at a time."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 PodDisruptionBudgetSpec ={}
  status 3 PodDisruptionBudgetStatus ={}
type PodDisruptionBudgetSpec
  minAvailable 1 intorstring
  selector 2 meta.LabelSelector replace
  maxUnavailable 3 intorstring
  unhealthyPodEvictionPolicy 4 string
type PodDisruptionBudgetStatus
  observedGeneration 1 int64
  disruptedPods 2 {time}
  disruptionsAllowed 3 int32 !
  currentHealthy 4 int32 !
  desiredHealthy 5 int32 !
  expectedPods 6 int32 !
  conditions 7 [meta.Condition] merge(type) map(type)
package io.k8s.api.networking.v1 networking.k8s.io
type NetworkPolicy kind "NetworkPolicy says which traffic pods may receive and send."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 NetworkPolicySpec ={}
  status 3 NetworkPolicyStatus ={}
type NetworkPolicyStatus
  conditions 1 [meta.Condition] merge(type) map(type)
type NetworkPolicySpec
  podSelector 1 meta.LabelSelector ! ={}
  ingress 2 [NetworkPolicyIngressRule]
  egress 3 [NetworkPolicyEgressRule]
  policyTypes 4 [string]
type NetworkPolicyIngressRule
  ports 1 [NetworkPolicyPort]
  from 2 [NetworkPolicyPeer]
type NetworkPolicyPort
  protocol 1 string
  port 2 intorstring
  endPort 3 int32
type NetworkPolicyPeer
  podSelector 1 meta.LabelSelector
  namespaceSelector 2 meta.LabelSelector
  ipBlock 3 IPBlock
type IPBlock
  cidr 1 string !
  except 2 [string]
type NetworkPolicyEgressRule
  ports 1 [NetworkPolicyPort]
  to 2 [NetworkPolicyPeer]
package io.k8s.api.scheduling.v1 scheduling.k8s.io
type PriorityClass kind "PriorityClass names a priority of pods."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  value 2 int32 !
  globalDefault 3 bool
  description 4 string
  preemptionPolicy 5 string
package io.k8s.api.batch.v1 batch
type Job kind "Job runs pods until a number of them succeeded."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 JobSpec ={}
  status 3 JobStatus ={}
type JobSpec
  parallelism 1 int32
  completions 2 int32
  activeDeadlineSeconds 3 int64
  podFailurePolicy 11 PodFailurePolicy
  successPolicy 16 SuccessPolicy
  backoffLimit 7 int32
  backoffLimitPerIndex 12 int32
  maxFailedIndexes 13 int32
  selector 4 meta.LabelSelector
  manualSelector 5 bool
  template 6 core.PodTemplateSpec ! ={}
  ttlSecondsAfterFinished 8 int32
  completionMode 9 string
  suspend 10 bool
  podReplacementPolicy 14 string
  managedBy 15 string
type PodFailurePolicy
  rules 1 [PodFailurePolicyRule] atomic
type PodFailurePolicyRule
  action 1 string
  onExitCodes 2 PodFailurePolicyOnExitCodesRequirement
  onPodConditions 3 [PodFailurePolicyOnPodConditionsPattern]
type PodFailurePolicyOnExitCodesRequirement
  containerName 1 string
  operator 2 string
  values 3 [int32] set
type PodFailurePolicyOnPodConditionsPattern
  type 1 string
  status 2 string
type SuccessPolicy
  rules 1 [SuccessPolicyRule]
type SuccessPolicyRule
  succeededIndexes 1 string
  succeededCount 2 int32
type JobStatus
  conditions 1 [JobCondition] merge(type) atomic
  startTime 2 time
  completionTime 3 time
  active 4 int32
  succeeded 5 int32
  failed 6 int32
  terminating 11 int32
  completedIndexes 7 string
  failedIndexes 10 string
  uncountedTerminatedPods 8 UncountedTerminatedPods
  ready 9 int32
type JobCondition
  type 1 string !
  status 2 string !
  lastProbeTime 3 time
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
type UncountedTerminatedPods
  succeeded 1 [string]
  failed 2 [string]
type CronJob kind "CronJob makes a Job at times."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 CronJobSpec ={}
  status 3 CronJobStatus ={}
type CronJobSpec
  schedule 1 string !
  timeZone 8 string
  startingDeadlineSeconds 2 int64
  concurrencyPolicy 3 string
  suspend 4 bool
  jobTemplate 5 JobTemplateSpec ! ={}
  successfulJobsHistoryLimit 6 int32
  failedJobsHistoryLimit 7 int32
type JobTemplateSpec
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 JobSpec ={}
type CronJobStatus
  active 1 [core.ObjectReference] atomic
  lastScheduleTime 4 time
  lastSuccessfulTime 5 time
)schema";
// clang-format on

}  // namespace neoid::openapi
