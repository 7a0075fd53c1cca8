// The reasons of conditions and events: one stable CamelCase word each. docs/troubleshooting.md has a
// paragraph for every one of them.
#pragma once

#include <string_view>

namespace neoid::api {

namespace condition {
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
inline constexpr std::string_view kIdentitySynced = "IdentitySynced";
inline constexpr std::string_view kScopesResolved = "ScopesResolved";
inline constexpr std::string_view kCredentialsDelivered = "CredentialsDelivered";
inline constexpr std::string_view kDriftFree = "DriftFree";
inline constexpr std::string_view kPaused = "Paused";
}  // namespace condition

namespace reason {
// Everything is as declared.
inline constexpr std::string_view kReconciled = "Reconciled";
inline constexpr std::string_view kInactive = "Inactive";
inline constexpr std::string_view kSynced = "Synced";
inline constexpr std::string_view kResolved = "Resolved";
inline constexpr std::string_view kDelivered = "Delivered";
inline constexpr std::string_view kNoDrift = "NoDrift";
inline constexpr std::string_view kObserved = "Observed";
// On the way.
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kWaitingForCreate = "WaitingForCreate";
inline constexpr std::string_view kWaitingForSecret = "WaitingForSecret";
inline constexpr std::string_view kNamespaceTerminating = "NamespaceTerminating";
inline constexpr std::string_view kKindTerminating = "KindTerminating";
inline constexpr std::string_view kStoreUnavailable = "StoreUnavailable";
inline constexpr std::string_view kApiUnavailable = "ApiUnavailable";
inline constexpr std::string_view kDeleting = "Deleting";
// A person has to act.
inline constexpr std::string_view kPaused = "Paused";
inline constexpr std::string_view kScopeNotFound = "ScopeNotFound";
inline constexpr std::string_view kScopeNotAllowed = "ScopeNotAllowed";
inline constexpr std::string_view kScopeDeprecated = "ScopeDeprecated";
inline constexpr std::string_view kScopeInUse = "ScopeInUse";
inline constexpr std::string_view kSecretConflict = "SecretConflict";
inline constexpr std::string_view kSecretTooWeak = "SecretTooWeak";
inline constexpr std::string_view kSecretHasEnded = "SecretHasEnded";
inline constexpr std::string_view kOwnedByAnother = "OwnedByAnother";
inline constexpr std::string_view kNotReleased = "NotReleased";
inline constexpr std::string_view kUserNotFound = "UserNotFound";
inline constexpr std::string_view kDriftFound = "DriftFound";
inline constexpr std::string_view kInternalError = "InternalError";
// Events.
inline constexpr std::string_view kIdentityCreated = "IdentityCreated";
inline constexpr std::string_view kIdentityUpdated = "IdentityUpdated";
inline constexpr std::string_view kDeactivated = "Deactivated";
inline constexpr std::string_view kReactivated = "Reactivated";
inline constexpr std::string_view kCredentialsIssued = "CredentialsIssued";
inline constexpr std::string_view kCredentialsRotated = "CredentialsRotated";
inline constexpr std::string_view kPreviousCredentialRevoked = "PreviousCredentialRevoked";
inline constexpr std::string_view kAdopted = "Adopted";
inline constexpr std::string_view kDriftCorrected = "DriftCorrected";
inline constexpr std::string_view kSystemUserTampered = "SystemUserTampered";
}  // namespace reason

}  // namespace neoid::api
