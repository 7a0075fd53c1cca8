// core/v1: volumes of pods.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kVolumeSchemas = R"schema(
package io.k8s.api.core.v1 ""
type Volume
  name 1 string !
  volumeSource 2 VolumeSource inline
type VolumeSource
  hostPath 1 HostPathVolumeSource
  emptyDir 2 EmptyDirVolumeSource
  gcePersistentDisk 3 GCEPersistentDiskVolumeSource
  awsElasticBlockStore 4 AWSElasticBlockStoreVolumeSource
  gitRepo 5 GitRepoVolumeSource
  secret 6 SecretVolumeSource
  nfs 7 NFSVolumeSource
  iscsi 8 ISCSIVolumeSource
  glusterfs 9 GlusterfsVolumeSource
  persistentVolumeClaim 10 PersistentVolumeClaimVolumeSource
  rbd 11 RBDVolumeSource
  flexVolume 12 FlexVolumeSource
  cinder 13 CinderVolumeSource
  cephfs 14 CephFSVolumeSource
  flocker 15 FlockerVolumeSource
  downwardAPI 16 DownwardAPIVolumeSource
  fc 17 FCVolumeSource
  azureFile 18 AzureFileVolumeSource
  configMap 19 ConfigMapVolumeSource
  vsphereVolume 20 VsphereVirtualDiskVolumeSource
  quobyte 21 QuobyteVolumeSource
  azureDisk 22 AzureDiskVolumeSource
  photonPersistentDisk 23 PhotonPersistentDiskVolumeSource
  projected 26 ProjectedVolumeSource
  portworxVolume 24 PortworxVolumeSource
  scaleIO 25 ScaleIOVolumeSource
  storageos 27 StorageOSVolumeSource
  csi 28 CSIVolumeSource
  ephemeral 29 EphemeralVolumeSource
  image 30 ImageVolumeSource
type HostPathVolumeSource
  path 1 string !
  type 2 string
type EmptyDirVolumeSource
  medium 1 string
  sizeLimit 2 quantity
type GCEPersistentDiskVolumeSource
  pdName 1 string
  fsType 2 string
  partition 3 int32
  readOnly 4 bool
type AWSElasticBlockStoreVolumeSource
  volumeID 1 string
  fsType 2 string
  partition 3 int32
  readOnly 4 bool
type GitRepoVolumeSource
  repository 1 string
  revision 2 string
  directory 3 string
type SecretVolumeSource
  secretName 1 string
  items 2 [KeyToPath] "The objects of this list."
  defaultMode 3 int32
  optional 4 bool
type KeyToPath
  key 1 string !
  path 2 string !
  mode 3 int32
type NFSVolumeSource
  server 1 string
  path 2 string
  readOnly 3 bool
type ISCSIVolumeSource
  targetPortal 1 string
  iqn 2 string
  lun 3 int32
  iscsiInterface 4 string
  fsType 5 string
  readOnly 6 bool
  portals 7 [string]
  chapAuthDiscovery 8 bool
  chapAuthSession 11 bool
  secretRef 10 LocalObjectReference
  initiatorName 12 string
type GlusterfsVolumeSource
  endpoints 1 string
  path 2 string
  readOnly 3 bool
type PersistentVolumeClaimVolumeSource
  claimName 1 string
  readOnly 2 bool
type RBDVolumeSource
  monitors 1 [string]
  image 2 string
  fsType 3 string
  pool 4 string
  user 5 string
  keyring 6 string
  secretRef 7 LocalObjectReference
  readOnly 8 bool
type FlexVolumeSource
  driver 1 string
  fsType 2 string
  secretRef 3 LocalObjectReference
  readOnly 4 bool
  options 5 {string}
type CinderVolumeSource
  volumeID 1 string
  fsType 2 string
  readOnly 3 bool
  secretRef 4 LocalObjectReference
type CephFSVolumeSource
  monitors 1 [string]
  path 2 string
  user 3 string
  secretFile 4 string
  secretRef 5 LocalObjectReference
  readOnly 6 bool
type FlockerVolumeSource
  datasetName 1 string
  datasetUUID 2 string
type DownwardAPIVolumeSource
  items 1 [DownwardAPIVolumeFile] "The objects of this list."
  defaultMode 2 int32
type DownwardAPIVolumeFile
  path 1 string
  fieldRef 2 ObjectFieldSelector
  resourceFieldRef 3 ResourceFieldSelector
  mode 4 int32
type FCVolumeSource
  targetWWNs 1 [string]
  lun 2 int32
  fsType 3 string
  readOnly 4 bool
  wwids 5 [string]
type AzureFileVolumeSource
  secretName 1 string
  shareName 2 string
  readOnly 3 bool
type ConfigMapVolumeSource
  localObjectReference 1 LocalObjectReference inline
  items 2 [KeyToPath] "The objects of this list."
  defaultMode 3 int32
  optional 4 bool
type VsphereVirtualDiskVolumeSource
  volumePath 1 string
  fsType 2 string
  storagePolicyName 3 string
  storagePolicyID 4 string
type QuobyteVolumeSource
  registry 1 string
  volume 2 string
  readOnly 3 bool
  user 4 string
  group 5 string
  tenant 6 string
type AzureDiskVolumeSource
  diskName 1 string
  diskURI 2 string
  cachingMode 3 string
  fsType 4 string
  readOnly 5 bool
  kind 6 string
type PhotonPersistentDiskVolumeSource
  pdID 1 string
  fsType 2 string
type ProjectedVolumeSource
  sources 1 [VolumeProjection]
  defaultMode 2 int32
type VolumeProjection
  secret 1 SecretProjection
  downwardAPI 2 DownwardAPIProjection
  configMap 3 ConfigMapProjection
  serviceAccountToken 4 ServiceAccountTokenProjection
  clusterTrustBundle 5 ClusterTrustBundleProjection
type SecretProjection
  localObjectReference 1 LocalObjectReference inline
  items 2 [KeyToPath] "The objects of this list."
  optional 4 bool
type DownwardAPIProjection
  items 1 [DownwardAPIVolumeFile] "The objects of this list."
type ConfigMapProjection
  localObjectReference 1 LocalObjectReference inline
  items 2 [KeyToPath] "The objects of this list."
  optional 4 bool
type ServiceAccountTokenProjection
  audience 1 string
  expirationSeconds 2 int64
  path 3 string
type ClusterTrustBundleProjection
  name 1 string
  signerName 2 string
  labelSelector 3 meta.LabelSelector
  optional 5 bool
  path 4 string
type PortworxVolumeSource
  volumeID 1 string
  fsType 2 string
  readOnly 3 bool
type ScaleIOVolumeSource
  gateway 1 string
  system 2 string
  secretRef 3 LocalObjectReference
  sslEnabled 4 bool
  protectionDomain 5 string
  storagePool 6 string
  storageMode 7 string
  volumeName 8 string
  fsType 9 string
  readOnly 10 bool
type StorageOSVolumeSource
  volumeName 1 string
  volumeNamespace 2 string
  fsType 3 string
  readOnly 4 bool
  secretRef 5 LocalObjectReference
type CSIVolumeSource
  driver 1 string
  readOnly 2 bool
  fsType 3 string
  volumeAttributes 4 {string}
  nodePublishSecretRef 5 LocalObjectReference
type EphemeralVolumeSource
  volumeClaimTemplate 1 PersistentVolumeClaimTemplate
type PersistentVolumeClaimTemplate
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 PersistentVolumeClaimSpec
type PersistentVolumeClaimSpec
  accessModes 1 [string]
  selector 4 meta.LabelSelector
  resources 2 VolumeResourceRequirements
  volumeName 3 string
  storageClassName 5 string
  volumeMode 6 string
  dataSource 7 TypedLocalObjectReference
  dataSourceRef 8 TypedObjectReference
  volumeAttributesClassName 9 string
type VolumeResourceRequirements
  limits 1 {quantity}
  requests 2 {quantity}
type TypedLocalObjectReference atomic
  apiGroup 1 string
  kind 2 string
  name 3 string
type TypedObjectReference
  apiGroup 1 string
  kind 2 string
  name 3 string
  namespace 4 string
type ImageVolumeSource
  reference 1 string
  pullPolicy 2 string
)schema";
// clang-format on

}  // namespace neoid::openapi
