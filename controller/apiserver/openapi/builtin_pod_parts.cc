// core/v1: the parts of pods and containers.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kPodPartSchemas = R"schema(
package io.k8s.api.core.v1 ""
type ObjectFieldSelector atomic
  apiVersion 1 string
  fieldPath 2 string !
type ResourceFieldSelector atomic
  containerName 1 string
  resource 2 string !
  divisor 3 quantity
type EnvFromSource
  prefix 1 string
  configMapRef 2 ConfigMapEnvSource
  secretRef 3 SecretEnvSource
type ConfigMapEnvSource
  localObjectReference 1 LocalObjectReference inline
  optional 2 bool
type SecretEnvSource
  localObjectReference 1 LocalObjectReference inline
  optional 2 bool
type EnvVar
  name 1 string !
  value 2 string
  valueFrom 3 EnvVarSource
type EnvVarSource
  fieldRef 1 ObjectFieldSelector
  resourceFieldRef 2 ResourceFieldSelector
  configMapKeyRef 3 ConfigMapKeySelector
  secretKeyRef 4 SecretKeySelector
type ConfigMapKeySelector atomic
  localObjectReference 1 LocalObjectReference inline
  key 2 string !
  optional 3 bool
type SecretKeySelector atomic
  localObjectReference 1 LocalObjectReference inline
  key 2 string !
  optional 3 bool
type ResourceRequirements
  limits 1 {quantity}
  requests 2 {quantity}
  claims 3 [ResourceClaim] map(name)
type ResourceClaim
  name 1 string
  request 2 string
type VolumeMount
  name 1 string !
  readOnly 2 bool
  recursiveReadOnly 7 string
  mountPath 3 string !
  subPath 4 string
  mountPropagation 5 string
  subPathExpr 6 string
type VolumeDevice
  name 1 string !
  devicePath 2 string !
type Probe
  handler 1 ProbeHandler inline
  initialDelaySeconds 2 int32
  timeoutSeconds 3 int32
  periodSeconds 4 int32
  successThreshold 5 int32
  failureThreshold 6 int32
  terminationGracePeriodSeconds 7 int64
type ProbeHandler
  exec 1 ExecAction
  httpGet 2 HTTPGetAction
  tcpSocket 3 TCPSocketAction
  grpc 4 GRPCAction
type ExecAction
  command 1 [string]
type HTTPGetAction
  path 1 string
  port 2 intorstring !
  host 3 string
  scheme 4 string
  httpHeaders 5 [HTTPHeader]
type HTTPHeader
  name 1 string !
  value 2 string !
type TCPSocketAction
  port 1 intorstring !
  host 2 string
type GRPCAction
  port 1 int32 !
  service 2 string
type Lifecycle
  postStart 1 LifecycleHandler
  preStop 2 LifecycleHandler
type LifecycleHandler
  exec 1 ExecAction
  httpGet 2 HTTPGetAction
  tcpSocket 3 TCPSocketAction
  sleep 4 SleepAction
type SleepAction
  seconds 1 int64
type SecurityContext
  capabilities 1 Capabilities
  privileged 2 bool
  seLinuxOptions 3 SELinuxOptions
  windowsOptions 10 WindowsSecurityContextOptions
  runAsUser 4 int64
  runAsGroup 8 int64
  runAsNonRoot 5 bool
  readOnlyRootFilesystem 6 bool
  allowPrivilegeEscalation 7 bool
  procMount 9 string
  seccompProfile 11 SeccompProfile
  appArmorProfile 12 AppArmorProfile
type Capabilities
  add 1 [string]
  drop 2 [string]
type SELinuxOptions
  user 1 string
  role 2 string
  type 3 string
  level 4 string
type WindowsSecurityContextOptions
  gmsaCredentialSpecName 1 string
  gmsaCredentialSpec 2 string
  runAsUserName 3 string
  hostProcess 4 bool
type SeccompProfile
  type 1 string
  localhostProfile 2 string
type AppArmorProfile
  type 1 string
  localhostProfile 2 string
type EphemeralContainer
  ephemeralContainerCommon 1 EphemeralContainerCommon inline
  targetContainerName 2 string
type EphemeralContainerCommon
  name 1 string
  image 2 string
  command 3 [string]
  args 4 [string]
  workingDir 5 string
  ports 6 [ContainerPort] merge(containerPort) map(containerPort,protocol)
  envFrom 19 [EnvFromSource]
  env 7 [EnvVar] merge(name)
  resources 8 ResourceRequirements
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
type Sysctl
  name 1 string
  value 2 string
type Affinity
  nodeAffinity 1 NodeAffinity
  podAffinity 2 PodAffinity
  podAntiAffinity 3 PodAntiAffinity
type NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution 2 [PreferredSchedulingTerm]
type NodeSelector atomic
  nodeSelectorTerms 1 [NodeSelectorTerm] !
type NodeSelectorTerm atomic
  matchExpressions 1 [NodeSelectorRequirement]
  matchFields 2 [NodeSelectorRequirement]
type NodeSelectorRequirement
  key 1 string !
  operator 2 string !
  values 3 [string]
type PreferredSchedulingTerm
  weight 1 int32 !
  preference 2 NodeSelectorTerm !
type WeightedPodAffinityTerm
  weight 1 int32 !
  podAffinityTerm 2 PodAffinityTerm !
type Toleration
  key 1 string
  operator 2 string
  value 3 string
  effect 4 string
  tolerationSeconds 5 int64
type HostAlias
  ip 1 string
  hostnames 2 [string]
type TopologySpreadConstraint
  maxSkew 1 int32 !
  topologyKey 2 string !
  whenUnsatisfiable 3 string !
  labelSelector 4 meta.LabelSelector
  minDomains 5 int32
  nodeAffinityPolicy 6 string
  nodeTaintsPolicy 7 string
  matchLabelKeys 8 [string]
type HostIP
  ip 1 string
type VolumeMountStatus
  name 1 string
  mountPath 2 string
  readOnly 3 bool
  recursiveReadOnly 4 string
type LinuxContainerUser
  uid 1 int64
  gid 2 int64
  supplementalGroups 3 [int64]
type ResourceStatus
  name 1 string
  resources 2 [ResourceHealth]
type ResourceHealth
  resourceID 1 string
  health 2 string
)schema";
// clang-format on

}  // namespace neoid::openapi
