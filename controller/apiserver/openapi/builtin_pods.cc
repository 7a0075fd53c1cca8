// core/v1: pods and containers.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kPodSchemas = R"schema(
package io.k8s.api.core.v1 ""
type Pod kind "Pod is a group of containers that run together on one host."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 PodSpec ={}
  status 3 PodStatus ={}
type PodSpec "What a pod should be."
  volumes 1 [Volume] merge,retainKeys(name)
  initContainers 20 [Container] merge(name)
  containers 2 [Container] ! merge(name)
  ephemeralContainers 34 [EphemeralContainer] merge(name)
  restartPolicy 3 string
  terminationGracePeriodSeconds 4 int64
  activeDeadlineSeconds 5 int64
  dnsPolicy 6 string
  nodeSelector 7 {string} atomic
  serviceAccountName 8 string
  serviceAccount 9 string
  automountServiceAccountToken 21 bool
  nodeName 10 string
  hostNetwork 11 bool
  hostPID 12 bool
  hostIPC 13 bool
  shareProcessNamespace 27 bool
  securityContext 14 PodSecurityContext
  imagePullSecrets 15 [LocalObjectReference] merge(name)
  hostname 16 string
  subdomain 17 string
  affinity 18 Affinity
  schedulerName 19 string
  tolerations 22 [Toleration]
  hostAliases 23 [HostAlias] merge(ip)
  priorityClassName 24 string
  priority 25 int32
  dnsConfig 26 PodDNSConfig
  readinessGates 28 [PodReadinessGate]
  runtimeClassName 29 string
  enableServiceLinks 30 bool
  preemptionPolicy 31 string
  overhead 32 {quantity}
  topologySpreadConstraints 33 [TopologySpreadConstraint] merge(topologyKey) map(topologyKey,whenUnsatisfiable)
  setHostnameAsFQDN 35 bool
  os 36 PodOS
  hostUsers 37 bool
  schedulingGates 38 [PodSchedulingGate]
  resourceClaims 39 [PodResourceClaim] merge,retainKeys(name) map(name)
  resources 40 ResourceRequirements
type Container "One container of a pod."
  name 1 string !
  image 2 string
  command 3 [string]
  args 4 [string]
  workingDir 5 string
  ports 6 [ContainerPort] merge(containerPort) map(containerPort,protocol)
  envFrom 19 [EnvFromSource]
  env 7 [EnvVar] merge(name)
  resources 8 ResourceRequirements ={}
  resizePolicy 23 [ContainerResizePolicy] atomic
  restartPolicy 24 string
  volumeMounts 9 [VolumeMount] merge(mountPath)
  volumeDevices 21 [VolumeDevice] merge(devicePath)
  livenessProbe 10 Probe
  readinessProbe 11 Probe
  startupProbe 22 Probe
  lifecycle 12 Lifecycle
  terminationMessagePath 13 string
  terminationMessagePolicy 20 string
  imagePullPolicy 14 string
  securityContext 15 SecurityContext
  stdin 16 bool
  stdinOnce 17 bool
  tty 18 bool
type ContainerPort
  name 1 string
  hostPort 2 int32
  containerPort 3 int32 !
  protocol 4 string ="TCP"
  hostIP 5 string
type ContainerResizePolicy
  resourceName 1 string
  restartPolicy 2 string
type PodSecurityContext
  seLinuxOptions 1 SELinuxOptions
  windowsOptions 8 WindowsSecurityContextOptions
  runAsUser 2 int64
  runAsGroup 6 int64
  runAsNonRoot 3 bool
  supplementalGroups 4 [int64]
  supplementalGroupsPolicy 12 string
  fsGroup 5 int64
  sysctls 7 [Sysctl]
  fsGroupChangePolicy 9 string
  seccompProfile 10 SeccompProfile
  appArmorProfile 11 AppArmorProfile
  seLinuxChangePolicy 13 string
type PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm]
  preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm]
type PodAffinityTerm
  labelSelector 1 meta.LabelSelector
  namespaces 2 [string]
  topologyKey 3 string !
  namespaceSelector 4 meta.LabelSelector
  matchLabelKeys 5 [string]
  mismatchLabelKeys 6 [string]
type PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm]
  preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm]
type PodDNSConfig
  nameservers 1 [string]
  searches 2 [string]
  options 3 [PodDNSConfigOption]
type PodDNSConfigOption
  name 1 string
  value 2 string
type PodReadinessGate
  conditionType 1 string
type PodOS
  name 1 string
type PodSchedulingGate
  name 1 string
type PodResourceClaim
  name 1 string
  resourceClaimName 3 string
  resourceClaimTemplateName 4 string
type PodStatus
  phase 1 string
  conditions 2 [PodCondition] merge(type)
  message 3 string
  reason 4 string
  nominatedNodeName 11 string
  hostIP 5 string
  hostIPs 16 [HostIP]
  podIP 6 string
  podIPs 12 [PodIP] merge(ip)
  startTime 7 time
  initContainerStatuses 10 [ContainerStatus]
  containerStatuses 8 [ContainerStatus]
  qosClass 9 string
  ephemeralContainerStatuses 13 [ContainerStatus]
  resize 14 string
  resourceClaimStatuses 15 [PodResourceClaimStatus]
type PodCondition
  type 1 string !
  status 2 string !
  lastProbeTime 3 time
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
type PodIP
  ip 1 string
type ContainerStatus
  name 1 string
  state 2 ContainerState
  lastState 3 ContainerState
  ready 4 bool
  restartCount 5 int32
  image 6 string
  imageID 7 string
  containerID 8 string
  started 9 bool
  allocatedResources 10 {quantity}
  resources 11 ResourceRequirements
  volumeMounts 12 [VolumeMountStatus]
  user 13 ContainerUser
  allocatedResourcesStatus 14 [ResourceStatus]
type ContainerState
  waiting 1 ContainerStateWaiting
  running 2 ContainerStateRunning
  terminated 3 ContainerStateTerminated
type ContainerStateWaiting
  reason 1 string
  message 2 string
type ContainerStateRunning
  startedAt 1 time
type ContainerStateTerminated
  exitCode 1 int32
  signal 2 int32
  reason 3 string
  message 4 string
  startedAt 5 time
  finishedAt 6 time
  containerID 7 string
type ContainerUser
  linux 1 LinuxContainerUser
type PodResourceClaimStatus
  name 1 string
  resourceClaimName 2 string
type PodTemplateSpec "What the pods made from this template should be."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 PodSpec ={}
)schema";
// clang-format on

}  // namespace neoid::openapi
