#include "reconcile/schema/crd_shape.h"

#include <iterator>

namespace neoid::schema::internal {
namespace {

using enum FieldKind;

extern const Shape kSchema;

const Field kExternalDocsFields[] = {{"description", Text}, {"url", Text}};
const Shape kExternalDocs = {"ExternalDocumentation", kExternalDocsFields};

const Field kRuleFields[] = {
    {"rule", TextAlways},
    {"message", Text},
    {"messageExpression", Text, nullptr, 27},
    {"reason", TextPointer, nullptr, 28},
    {"fieldPath", Text, nullptr, 28},
    {"optionalOldSelf", FlagPointer, nullptr, 29},
};
const Shape kRule = {"ValidationRule", kRuleFields};

const Field kSchemaFields[] = {
    {"id", Text},
    {"$schema", Text},
    {"$ref", TextPointer},
    {"description", Text},
    {"type", Text},
    {"format", Text},
    {"title", Text},
    {"default", Any},
    {"maximum", NumberPointer},
    {"exclusiveMaximum", Flag},
    {"minimum", NumberPointer},
    {"exclusiveMinimum", Flag},
    {"maxLength", Int64Pointer},
    {"minLength", Int64Pointer},
    {"pattern", Text},
    {"maxItems", Int64Pointer},
    {"minItems", Int64Pointer},
    {"uniqueItems", Flag},
    {"multipleOf", NumberPointer},
    {"enum", Anys},
    {"maxProperties", Int64Pointer},
    {"minProperties", Int64Pointer},
    {"required", Texts},
    {"items", SchemaOrList, &kSchema},
    {"allOf", Objects, &kSchema},
    {"oneOf", Objects, &kSchema},
    {"anyOf", Objects, &kSchema},
    {"not", Object, &kSchema},
    {"properties", ObjectMap, &kSchema},
    {"additionalProperties", SchemaOrFlag, &kSchema},
    {"patternProperties", ObjectMap, &kSchema},
    {"dependencies", Any},
    {"additionalItems", SchemaOrFlag, &kSchema},
    {"definitions", ObjectMap, &kSchema},
    {"externalDocs", Object, &kExternalDocs},
    {"example", Any},
    {"nullable", Flag},
    {"x-kubernetes-preserve-unknown-fields", FlagPointer},
    {"x-kubernetes-embedded-resource", Flag},
    {"x-kubernetes-int-or-string", Flag},
    {"x-kubernetes-list-map-keys", Texts},
    {"x-kubernetes-list-type", TextPointer},
    {"x-kubernetes-map-type", TextPointer},
    {"x-kubernetes-validations", Objects, &kRule},
};
const Shape kSchema = {"JSONSchemaProps", kSchemaFields};

const Field kNamesFields[] = {
    {"plural", TextAlways}, {"singular", Text}, {"shortNames", Texts},
    {"kind", TextAlways},   {"listKind", Text}, {"categories", Texts},
};
const Shape kNames = {"CustomResourceDefinitionNames", kNamesFields};

const Field kValidationFields[] = {{"openAPIV3Schema", Object, &kSchema}};
const Shape kValidation = {"CustomResourceValidation", kValidationFields};

const Field kScaleFields[] = {
    {"specReplicasPath", TextAlways}, {"statusReplicasPath", TextAlways}, {"labelSelectorPath", TextPointer}};
const Shape kScale = {"CustomResourceSubresourceScale", kScaleFields};
const Shape kStatusSubresource = {"CustomResourceSubresourceStatus", {}};
const Field kSubresourcesFields[] = {{"status", Object, &kStatusSubresource}, {"scale", Object, &kScale}};
const Shape kSubresources = {"CustomResourceSubresources", kSubresourcesFields};

const Field kColumnFields[] = {
    {"name", TextAlways},  {"type", TextAlways}, {"format", Text},
    {"description", Text}, {"priority", Int32},  {"jsonPath", TextAlways},
};
const Shape kColumn = {"CustomResourceColumnDefinition", kColumnFields};

const Field kSelectableFields[] = {{"jsonPath", TextAlways}};
const Shape kSelectable = {"SelectableField", kSelectableFields};

const Field kVersionFields[] = {
    {"name", TextAlways},
    {"served", FlagAlways},
    {"storage", FlagAlways},
    {"deprecated", Flag},
    {"deprecationWarning", TextPointer},
    {"schema", Object, &kValidation},
    {"subresources", Object, &kSubresources},
    {"additionalPrinterColumns", Objects, &kColumn},
    {"selectableFields", Objects, &kSelectable, 30},
};
const Shape kVersion = {"CustomResourceDefinitionVersion", kVersionFields};

const Field kServiceFields[] = {
    {"namespace", TextAlways}, {"name", TextAlways}, {"path", TextPointer}, {"port", Int32Pointer}};
const Shape kService = {"ServiceReference", kServiceFields};
const Field kClientFields[] = {{"url", TextPointer}, {"service", Object, &kService}, {"caBundle", Text}};
const Shape kClient = {"WebhookClientConfig", kClientFields};
const Field kWebhookFields[] = {{"clientConfig", Object, &kClient}, {"conversionReviewVersions", Texts}};
const Shape kWebhook = {"WebhookConversion", kWebhookFields};
const Field kConversionFields[] = {{"strategy", TextAlways}, {"webhook", Object, &kWebhook}};
const Shape kConversion = {"CustomResourceConversion", kConversionFields};

const Field kSpecFields[] = {
    {"group", TextAlways},
    {"names", Object, &kNames},
    {"scope", TextAlways},
    {"versions", ObjectsAlways, &kVersion},
    {"conversion", Object, &kConversion},
    {"preserveUnknownFields", Flag},
};
const Shape kSpec = {"CustomResourceDefinitionSpec", kSpecFields};

const Field kCrdFields[] = {
    {"apiVersion", Text}, {"kind", Text}, {"metadata", Any}, {"spec", Object, &kSpec}, {"status", Any}};
const Shape kCrd = {"CustomResourceDefinition", kCrdFields};

}  // namespace

const Field* Shape::find(std::string_view name, cel::KubernetesVersion version) const {
  for (const Field& field : fields)
    if (field.name == name && field.since_minor <= version.minor) return &field;
  return nullptr;
}

const Shape& crd_shape() { return kCrd; }

}  // namespace neoid::schema::internal
