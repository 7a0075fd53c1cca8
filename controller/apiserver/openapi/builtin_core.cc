// core/v1: what the server keeps for its clients.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kCoreSchemas = R"schema(
package io.k8s.api.core.v1 ""
type Namespace kind "Namespace is a scope for names."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 NamespaceSpec ={}
  status 3 NamespaceStatus ={}
type NamespaceSpec
  finalizers 1 [string]
type NamespaceStatus
  phase 1 string
  conditions 2 [NamespaceCondition] merge(type)
type NamespaceCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
type Secret kind "Secret holds small pieces of confidential data."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  immutable 5 bool "Once true, data cannot change any more."
  data 2 {bytes} "Keys and values; the values are base64."
  stringData 4 {string} "The same as plain text, for writing only; the server moves it to data."
  type 3 string "What kind of secret it is; it cannot change."
type ConfigMap kind "ConfigMap holds configuration for others to read."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  immutable 4 bool "Once true, data cannot change any more."
  data 2 {string} "Keys and values in UTF-8."
  binaryData 3 {bytes} "Keys and values that are not UTF-8, in base64."
type Event kind "Event reports something that happened to an object."
  metadata 1 meta.ObjectMeta ! ={} "Standard metadata of the object."
  involvedObject 2 ObjectReference ! ={}
  reason 3 string
  message 4 string
  source 5 EventSource ={}
  firstTimestamp 6 time
  lastTimestamp 7 time
  count 8 int32
  type 9 string
  eventTime 10 microtime
  series 11 EventSeries
  action 12 string
  related 13 ObjectReference
  reportingComponent 14 string
  reportingInstance 15 string
type ObjectReference atomic
  kind 1 string
  namespace 2 string
  name 3 string
  uid 4 string
  apiVersion 5 string
  resourceVersion 6 string
  fieldPath 7 string
type EventSource
  component 1 string
  host 2 string
type EventSeries
  count 1 int32
  lastObservedTime 2 microtime
type ServiceAccount kind "ServiceAccount is an identity for processes in the cluster."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  secrets 2 [ObjectReference] merge(name)
  imagePullSecrets 3 [LocalObjectReference]
  automountServiceAccountToken 4 bool
type LocalObjectReference atomic
  name 1 string
type Service kind "Service names a set of pods and a way to reach them."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 ServiceSpec ={}
  status 3 ServiceStatus ={}
type ServiceSpec
  ports 1 [ServicePort] merge(port) map(port,protocol)
  selector 2 {string} atomic
  clusterIP 3 string
  clusterIPs 18 [string] atomic
  type 4 string
  externalIPs 5 [string]
  sessionAffinity 7 string
  loadBalancerIP 8 string
  loadBalancerSourceRanges 9 [string]
  externalName 10 string
  externalTrafficPolicy 11 string
  healthCheckNodePort 12 int32
  publishNotReadyAddresses 13 bool
  sessionAffinityConfig 14 SessionAffinityConfig
  ipFamilies 19 [string] atomic
  ipFamilyPolicy 17 string
  allocateLoadBalancerNodePorts 20 bool
  loadBalancerClass 21 string
  internalTrafficPolicy 22 string
  trafficDistribution 23 string
type ServicePort
  name 1 string
  protocol 2 string ="TCP"
  appProtocol 6 string
  port 3 int32 !
  targetPort 4 intorstring
  nodePort 5 int32
type SessionAffinityConfig
  clientIP 1 ClientIPConfig
type ClientIPConfig
  timeoutSeconds 1 int32
type ServiceStatus
  loadBalancer 1 LoadBalancerStatus ={}
  conditions 2 [meta.Condition] merge(type) map(type)
type LoadBalancerStatus
  ingress 1 [LoadBalancerIngress]
type LoadBalancerIngress
  ip 1 string
  hostname 2 string
  ipMode 3 string
  ports 4 [PortStatus] atomic
type PortStatus
  port 1 int32
  protocol 2 string
  error 3 string
type Endpoints kind "Endpoints are the addresses behind a Service."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  subsets 2 [EndpointSubset]
type EndpointSubset
  addresses 1 [EndpointAddress]
  notReadyAddresses 2 [EndpointAddress]
  ports 3 [EndpointPort]
type EndpointAddress
  ip 1 string !
  hostname 3 string
  nodeName 4 string
  targetRef 2 ObjectReference
type EndpointPort
  name 1 string
  port 2 int32 !
  protocol 3 string ="TCP"
  appProtocol 4 string
)schema";
// clang-format on

}  // namespace neoid::openapi
