// Names that Kubernetes gave a meaning, and that more than one part of the API acts on.
#pragma once

namespace neoid::apiserver {

inline constexpr const char* kCrds =
    "customresourcedefinitions.apiextensions.k8s.io";  // as resources are stored
inline constexpr const char* kCleanup = "customresourcecleanup.apiextensions.k8s.io";  // finalizer of a CRD
inline constexpr const char* kOrphan = "orphan";  // finalizers by propagation
inline constexpr const char* kForeground = "foregroundDeletion";

}  // namespace neoid::apiserver
