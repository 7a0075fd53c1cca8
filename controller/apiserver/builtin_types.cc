// The table behind go_type.h. A line is a struct ("Secret v1.Secret") or, indented, one of its fields:
// name and type. `!` is printed also when empty, `*` is a pointer, `=x` is the name that Go
// prints for the type, `any` takes everything as it is.
#include <deque>
#include <map>
#include <sstream>

#include "controller/apiserver/go_type.h"
#include "reconcile/base/check.h"

namespace neoid::apiserver {
namespace {

constexpr std::string_view kMeta = R"(
ObjectMeta v1.ObjectMeta
 name string
 generateName string
 namespace string
 selfLink string
 uid string=types.UID
 resourceVersion string
 generation int64
 creationTimestamp Time
 deletionTimestamp *Time
 deletionGracePeriodSeconds *int64
 labels map[string]string
 annotations map[string]string
 ownerReferences []OwnerReference
 finalizers []string
 managedFields []ManagedFieldsEntry
OwnerReference v1.OwnerReference
 kind !string
 name !string
 uid !string=types.UID
 apiVersion !string
 controller *bool
 blockOwnerDeletion *bool
ManagedFieldsEntry v1.ManagedFieldsEntry
 manager string
 operation string=v1.ManagedFieldsOperationType
 apiVersion string
 time *Time
 fieldsType string
 fieldsV1 any
 subresource string
ObjectReference v1.ObjectReference
 kind string
 namespace string
 name string
 uid string=types.UID
 apiVersion string
 resourceVersion string
 fieldPath string
LocalObjectReference v1.LocalObjectReference
 name string
LabelSelector v1.LabelSelector
 matchLabels map[string]string
 matchExpressions []LabelSelectorRequirement
LabelSelectorRequirement v1.LabelSelectorRequirement
 key !string
 operator !string=v1.LabelSelectorOperator
 values []string
Condition v1.Condition
 type !string
 status !string=v1.ConditionStatus
 observedGeneration int64
 lastTransitionTime !Time
 reason !string
 message !string
)";

constexpr std::string_view kCore = R"(
Secret v1.Secret
 metadata ObjectMeta
 data map[string][]byte
 type string=v1.SecretType
 stringData map[string]string
 immutable *bool
ConfigMap v1.ConfigMap
 metadata ObjectMeta
 data map[string]string
 binaryData map[string][]byte
 immutable *bool
Namespace v1.Namespace
 metadata ObjectMeta
 spec NamespaceSpec
 status NamespaceStatus
NamespaceSpec v1.NamespaceSpec
 finalizers []string=v1.FinalizerName
NamespaceStatus v1.NamespaceStatus
 phase string=v1.NamespacePhase
 conditions []NamespaceCondition
NamespaceCondition v1.NamespaceCondition
 type !string=v1.NamespaceConditionType
 status !string=v1.ConditionStatus
 lastTransitionTime Time
 reason string
 message string
EventSource v1.EventSource
 component string
 host string
EventSeries v1.EventSeries
 count int32
 lastObservedTime MicroTime
Event v1.Event
 metadata !ObjectMeta
 involvedObject !ObjectReference
 reason string
 message string
 source EventSource
 firstTimestamp Time
 lastTimestamp Time
 count int32
 type string
 eventTime MicroTime
 series *EventSeries
 action string
 related *ObjectReference
 reportingComponent !string
 reportingInstance !string
EventsV1Series v1.EventSeries
 count !int32
 lastObservedTime !MicroTime
EventsV1Event v1.Event
 metadata ObjectMeta
 eventTime !MicroTime
 series *EventsV1Series
 reportingController string
 reportingInstance string
 action string
 reason string
 regarding ObjectReference
 related *ObjectReference
 note string
 type string
 deprecatedSource EventSource
 deprecatedFirstTimestamp Time
 deprecatedLastTimestamp Time
 deprecatedCount int32
ServiceAccount v1.ServiceAccount
 metadata ObjectMeta
 secrets []ObjectReference
 imagePullSecrets []LocalObjectReference
 automountServiceAccountToken *bool
Service v1.Service
 metadata ObjectMeta
 spec any
 status any
Pod v1.Pod
 metadata ObjectMeta
 spec any
 status any
ResourceQuota v1.ResourceQuota
 metadata ObjectMeta
 spec any
 status any
LimitRange v1.LimitRange
 metadata ObjectMeta
 spec any
Lease v1.Lease
 metadata ObjectMeta
 spec LeaseSpec
LeaseSpec v1.LeaseSpec
 holderIdentity *string
 leaseDurationSeconds *int32
 acquireTime *MicroTime
 renewTime *MicroTime
 leaseTransitions *int32
DeploymentLike v1.Deployment
 metadata ObjectMeta
 spec any
 status any
Job v1.Job
 metadata ObjectMeta
 spec any
 status any
PodDisruptionBudget v1.PodDisruptionBudget
 metadata ObjectMeta
 spec any
 status any
NetworkPolicy v1.NetworkPolicy
 metadata ObjectMeta
 spec any
 status any
PriorityClass v1.PriorityClass
 metadata ObjectMeta
 value !int32
 globalDefault bool
 description string
 preemptionPolicy *string=v1.PreemptionPolicy
)";

constexpr std::string_view kAccess = R"(
PolicyRule v1.PolicyRule
 verbs ![]string
 apiGroups []string
 resources []string
 resourceNames []string
 nonResourceURLs []string
Subject v1.Subject
 kind !string
 apiGroup string
 name !string
 namespace string
RoleRef v1.RoleRef
 apiGroup !string
 kind !string
 name !string
AggregationRule v1.AggregationRule
 clusterRoleSelectors []LabelSelector
Role v1.Role
 metadata ObjectMeta
 rules ![]PolicyRule
ClusterRole v1.ClusterRole
 metadata ObjectMeta
 rules ![]PolicyRule
 aggregationRule *AggregationRule
RoleBinding v1.RoleBinding
 metadata ObjectMeta
 subjects []Subject
 roleRef !RoleRef
ClusterRoleBinding v1.ClusterRoleBinding
 metadata ObjectMeta
 subjects []Subject
 roleRef !RoleRef
ResourceAttributes v1.ResourceAttributes
 namespace string
 verb string
 group string
 version string
 resource string
 subresource string
 name string
NonResourceAttributes v1.NonResourceAttributes
 path string
 verb string
SubjectAccessReviewStatus v1.SubjectAccessReviewStatus
 allowed !bool
 denied bool
 reason string
 evaluationError string
SelfSubjectAccessReview v1.SelfSubjectAccessReview
 metadata ObjectMeta
 spec !SelfSubjectAccessReviewSpec
 status SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec v1.SelfSubjectAccessReviewSpec
 resourceAttributes *ResourceAttributes
 nonResourceAttributes *NonResourceAttributes
SubjectAccessReview v1.SubjectAccessReview
 metadata ObjectMeta
 spec !SubjectAccessReviewSpec
 status SubjectAccessReviewStatus
LocalSubjectAccessReview v1.LocalSubjectAccessReview
 metadata ObjectMeta
 spec !SubjectAccessReviewSpec
 status SubjectAccessReviewStatus
SubjectAccessReviewSpec v1.SubjectAccessReviewSpec
 resourceAttributes *ResourceAttributes
 nonResourceAttributes *NonResourceAttributes
 user string
 groups []string
 extra map[string]any
 uid string
SelfSubjectRulesReview v1.SelfSubjectRulesReview
 metadata ObjectMeta
 spec !SelfSubjectRulesReviewSpec
 status any
SelfSubjectRulesReviewSpec v1.SelfSubjectRulesReviewSpec
 namespace string
TokenReview v1.TokenReview
 metadata ObjectMeta
 spec !TokenReviewSpec
 status any
TokenReviewSpec v1.TokenReviewSpec
 token string
 audiences []string
)";

constexpr std::string_view kAdmission = R"(
ServiceReference v1.ServiceReference
 namespace !string
 name !string
 path *string
 port *int32
WebhookClientConfig v1.WebhookClientConfig
 url *string
 service *ServiceReference
 caBundle []byte
RuleWithOperations v1.RuleWithOperations
 operations []string=v1.OperationType
 apiGroups []string
 apiVersions []string
 resources []string
 scope *string=v1.ScopeType
Webhook v1.ValidatingWebhook
 name !string
 clientConfig !WebhookClientConfig
 rules []RuleWithOperations
 failurePolicy *string=v1.FailurePolicyType
 matchPolicy *string=v1.MatchPolicyType
 namespaceSelector *LabelSelector
 objectSelector *LabelSelector
 sideEffects !*string=v1.SideEffectClass
 timeoutSeconds *int32
 admissionReviewVersions ![]string
 reinvocationPolicy *string=v1.ReinvocationPolicyType
ValidatingWebhookConfiguration v1.ValidatingWebhookConfiguration
 metadata ObjectMeta
 webhooks []Webhook
MutatingWebhookConfiguration v1.MutatingWebhookConfiguration
 metadata ObjectMeta
 webhooks []Webhook
CrdStatus v1.CustomResourceDefinitionStatus
 conditions ![]CrdCondition
 acceptedNames !CrdNames
 storedVersions ![]string
CrdCondition v1.CustomResourceDefinitionCondition
 type !string=v1.CustomResourceDefinitionConditionType
 status !string=v1.ConditionStatus
 lastTransitionTime Time
 reason string
 message string
CrdNames v1.CustomResourceDefinitionNames
 plural !string
 singular string
 shortNames []string
 kind !string
 listKind string
 categories []string
Preconditions v1.Preconditions
 uid *string=types.UID
 resourceVersion *string
DeleteOptions v1.DeleteOptions
 gracePeriodSeconds *int64
 preconditions *Preconditions
 orphanDependents *bool
 propagationPolicy *string=v1.DeletionPropagation
 dryRun []string
)";

class Table {
 public:
  Table() {
    for (const std::string_view text : {kMeta, kCore, kAccess, kAdmission}) declare(text);
    for (const std::string_view text : {kMeta, kCore, kAccess, kAdmission}) define(text);
  }
  const GoStruct* find(std::string_view name) const {
    const auto found = structs_.find(name);
    return found == structs_.end() ? nullptr : &found->second;
  }

 private:
  template <class Each>
  static void lines(std::string_view text, Each each) {
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) {
      if (line.empty()) continue;
      std::istringstream words(line);
      std::string first;
      std::string second;
      words >> first >> second;
      each(line.front() == ' ', first, second);
    }
  }

  void declare(std::string_view text) {
    lines(text, [&](bool field, const std::string& name, const std::string& type_name) {
      if (!field)
        structs_[name] = GoStruct{name.starts_with("EventsV1") ? name.substr(8) : name, type_name, {}};
    });
  }

  void define(std::string_view text) {
    GoStruct* current = nullptr;
    lines(text, [&](bool field, const std::string& name, const std::string& type) {
      if (!field) {
        current = &structs_.find(name)->second;
        return;
      }
      std::string_view rest = type;
      GoField made;
      made.name = name;
      made.always = rest.starts_with('!');
      if (made.always) rest.remove_prefix(1);
      made.value = value(rest);
      current->fields.push_back(std::move(made));
    });
  }

  const GoValue* keep(GoValue made) {
    values_.push_back(std::move(made));
    return &values_.back();
  }

  GoValue value(std::string_view text) {
    GoValue made;
    if (text.starts_with('*')) {
      made = value(text.substr(1));
      made.pointer = true;
      return made;
    }
    if (text.starts_with("[]") && text != "[]byte") {
      made.kind = GoKind::List;
      made.element = keep(value(text.substr(2)));
      made.type_name = "[]" + made.element->type_name;
      return made;
    }
    if (text.starts_with("map[string]")) {
      made.kind = GoKind::Map;
      made.element = keep(value(text.substr(11)));
      made.type_name = "map[string]" + made.element->type_name;
      return made;
    }
    const std::size_t equals = text.find('=');
    const std::string_view base = text.substr(0, equals);
    static const std::map<std::string_view, std::pair<GoKind, std::string_view>> kBases = {
        {"string", {GoKind::String, "string"}},
        {"bool", {GoKind::Bool, "bool"}},
        {"int32", {GoKind::Int, "int32"}},
        {"int64", {GoKind::Int, "int64"}},
        {"[]byte", {GoKind::Bytes, "[]uint8"}},
        {"Time", {GoKind::Time, "v1.Time"}},
        {"MicroTime", {GoKind::MicroTime, "v1.MicroTime"}},
        {"any", {GoKind::Any, "interface {}"}}};
    if (const auto found = kBases.find(base); found != kBases.end()) {
      made.kind = found->second.first;
      made.type_name = found->second.second;
      if (base == "int32") made.bits = 32;
    } else {
      made.kind = GoKind::Struct;
      const auto record = structs_.find(base);
      NEOID_CHECK(record != structs_.end());
      made.record = &record->second;
      made.type_name = made.record->type_name;
    }
    if (equals != std::string_view::npos) made.type_name = text.substr(equals + 1);
    return made;
  }

  std::map<std::string, GoStruct, std::less<>> structs_;
  std::deque<GoValue> values_;
};

}  // namespace

const GoStruct* find_go_struct(std::string_view name) {
  static const Table table;
  return table.find(name);
}

}  // namespace neoid::apiserver
