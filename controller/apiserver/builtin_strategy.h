// What is particular to each built-in kind: defaults, what a write may not touch, validation in the words of
// a kube-apiserver. Pure. Source: k8s.io/kubernetes/pkg/registry, pkg/apis/*/{v1/defaults,validation}.
#pragma once

#include "controller/apiserver/resource.h"

namespace neoid::apiserver {

Strategy secret_strategy();
Strategy config_map_strategy();
Strategy namespace_strategy();
Strategy event_strategy();
Strategy lease_strategy();
Strategy service_account_strategy();
Strategy role_strategy();
Strategy role_binding_strategy();
Strategy service_strategy();
Strategy deployment_strategy();
Strategy job_strategy();
Strategy pod_strategy();
Strategy webhook_configuration_strategy();
Strategy priority_class_strategy();
Strategy spec_strategy();  // a kind of which nothing but the spec is looked at

// events.k8s.io/v1 <-> core/v1.
Json event_to_core(const Json& event);
Json event_from_core(const Json& event);

}  // namespace neoid::apiserver
