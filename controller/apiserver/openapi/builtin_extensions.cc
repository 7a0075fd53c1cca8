// apiextensions.k8s.io/v1: custom resource definitions.
// The notation is explained in builtin_data.h.
#include "controller/apiserver/openapi/builtin_data.h"

namespace neoid::openapi {

// clang-format off
const char* const kExtensionSchemas = R"schema(
package io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1 apiextensions.k8s.io
type CustomResourceDefinition kind "CustomResourceDefinition adds a kind of resource to the API."
  metadata 1 meta.ObjectMeta ={} "Standard metadata of the object."
  spec 2 CustomResourceDefinitionSpec ! ={} "What the kind is called and what its objects look like."
  status 3 CustomResourceDefinitionStatus ={} "What the server made of it."
type CustomResourceDefinitionSpec
  group 1 string ! "The API group of the kind."
  names 3 CustomResourceDefinitionNames ! ={} "The names of the resource and its kind."
  scope 4 string ! "Namespaced or Cluster."
  versions 7 [CustomResourceDefinitionVersion] ! "The versions of the kind; one of them is stored."
  conversion 9 CustomResourceConversion "How objects are brought from one version to another."
  preserveUnknownFields 10 bool "Must be false."
type CustomResourceDefinitionNames
  plural 1 string ! "Name of the resource in paths."
  singular 2 string
  shortNames 3 [string]
  kind 4 string !
  listKind 5 string
  categories 6 [string]
type CustomResourceDefinitionVersion
  name 1 string !
  served 2 bool !
  storage 3 bool !
  deprecated 7 bool
  deprecationWarning 8 string
  schema 4 CustomResourceValidation
  subresources 5 CustomResourceSubresources
  additionalPrinterColumns 6 [CustomResourceColumnDefinition]
  selectableFields 9 [SelectableField]
type SelectableField
  jsonPath 1 string !
type CustomResourceColumnDefinition
  name 1 string !
  type 2 string !
  format 3 string
  description 4 string
  priority 5 int32
  jsonPath 6 string !
type CustomResourceConversion
  strategy 1 string !
  webhook 2 WebhookConversion
type WebhookConversion
  clientConfig 2 WebhookClientConfig
  conversionReviewVersions 3 [string] !
type WebhookClientConfig
  url 3 string
  service 1 ServiceReference
  caBundle 2 bytes
type ServiceReference
  namespace 1 string !
  name 2 string !
  path 3 string
  port 4 int32
type CustomResourceSubresources
  status 1 CustomResourceSubresourceStatus
  scale 2 CustomResourceSubresourceScale
type CustomResourceSubresourceStatus
type CustomResourceSubresourceScale
  specReplicasPath 1 string !
  statusReplicasPath 2 string !
  labelSelectorPath 3 string
type CustomResourceDefinitionStatus
  conditions 1 [CustomResourceDefinitionCondition] map(type)
  acceptedNames 2 CustomResourceDefinitionNames ={}
  storedVersions 3 [string]
type CustomResourceDefinitionCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
type CustomResourceValidation
  openAPIV3Schema 1 JSONSchemaProps
type JSONSchemaProps
  id 1 string
  $schema 2 string
  $ref 3 string
  description 4 string
  type 5 string
  format 6 string
  title 7 string
  default 8 any
  maximum 9 double
  exclusiveMaximum 10 bool
  minimum 11 double
  exclusiveMinimum 12 bool
  maxLength 13 int64
  minLength 14 int64
  pattern 15 string
  maxItems 16 int64
  minItems 17 int64
  uniqueItems 18 bool
  multipleOf 19 double
  enum 20 [any]
  maxProperties 21 int64
  minProperties 22 int64
  required 23 [string]
  items 24 any
  allOf 25 [JSONSchemaProps]
  oneOf 26 [JSONSchemaProps]
  anyOf 27 [JSONSchemaProps]
  not 28 JSONSchemaProps
  properties 29 {JSONSchemaProps}
  additionalProperties 30 any
  patternProperties 31 {JSONSchemaProps}
  dependencies 32 {any}
  additionalItems 33 any
  definitions 34 {JSONSchemaProps}
  externalDocs 35 ExternalDocumentation
  example 36 any
  nullable 37 bool
  x-kubernetes-preserve-unknown-fields 38 bool
  x-kubernetes-embedded-resource 39 bool
  x-kubernetes-int-or-string 40 bool
  x-kubernetes-list-map-keys 41 [string]
  x-kubernetes-list-type 42 string
  x-kubernetes-map-type 43 string
  x-kubernetes-validations 44 [ValidationRule] merge(rule) map(rule)
type ExternalDocumentation
  description 1 string
  url 2 string
type ValidationRule
  rule 1 string !
  message 2 string
  messageExpression 3 string
  reason 4 string
  fieldPath 5 string
  optionalOldSelf 6 bool
)schema";
// clang-format on

}  // namespace neoid::openapi
