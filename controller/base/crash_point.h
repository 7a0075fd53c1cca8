// Crash points: the named places between two writes, where tests/crash ends or stops the program.
//
// NEOID_CRASH_AT=NAME kills the process (SIGKILL, nothing is cleaned up) the first time that it comes to the place of
// that name, NAME#3 the third time; NAME:stop stops it there (SIGSTOP) until SIGCONT, once. Not set: a test of one
// byte. A name that is not in the table is a wrong call: a line on standard error, exit code 2.
// It is compiled in, so that what is tested is what is shipped; whoever can set a variable of the process can kill it
// anyway (DESIGN.md, 2026-11-28).
//
// Adding a write: a name here, crash_point("name") right after the write, and a scenario for it in tests/crash.
// Thread-safe.
#pragma once

#include <array>
#include <string_view>

namespace neoid {

// What has just been done where the program comes by.
inline constexpr std::array<std::string_view, 41> kCrashPoints = {
    // a user
    "finalizer-added",        // the resource has our finalizer
    "identity-committed",     // the user's row has the declared configuration
    "adoption-committed",     // ... and is a row that was left behind or released before
    "remake-committed",       // ... of a system user whose resource was made anew
    "hold-committed",         // deactivated in an emergency
    "hold-lifted",            // and reactivated
    "issue-committed",        // the new version's hash is `issued`
    "secret-created",         // the Secret of a first version
    "secret-updated",         // the Secret holds the new version, or is mended
    "deliver-committed",      // the version in the Secret is marked
    "heal-committed",         // a version that the store had lost is registered
    "reference-committed",    // the value of a Secret that somebody else makes is registered
    "event-written",          // an event tells of it
    "status-written",         // the status says so
    "revocation-committed",   // what a resource without its finalizer left is revoked
    "deletion-committed",     // the user is gone from the store
    "departure-committed",    // the user is left behind, inactive
    "release-committed",      // the user is released: its kind or its management went away
    "secret-deleted",         // the Secret of a resource that is going
    "finalizer-removed",      // nothing of ours holds the resource
    "system-user-recreated",  // the resource of a system user that was deleted past admission
    // a scope
    "scope-finalizer-added", "scope-stored", "scope-status-written", "scope-removed",
    "scope-finalizer-removed",
    // the right to write
    "lease-claimed",   // the Lease names us and the epoch; the store does not know it yet
    "store-claimed",   // the store does
    "lease-raised",    // after a lost session: a higher epoch in the Lease
    "lease-renewed",   //
    "lease-released",  // at the end of an orderly stop
    // inside of every transaction on identities (StoreOptions::fault)
    "transaction-begun", "transaction-loaded", "transaction-written", "transaction-appended",
    "transaction-committing", "transaction-committed",
    // before a write that something else precedes than another write
    "stopping",         // asked to stop; the Lease is still ours
    "renewal-due",      // before the Lease is renewed
    "pass-begun",       // before a pass over users reads anything live
    "pass-has-looked",  // everything was read and decided; nothing but the finalizer was written yet
};
static_assert(!kCrashPoints.back().empty(), "the size of the table is not the number of its names");

namespace crash_point_detail {
extern const bool armed;
void come_by(std::string_view name);
}  // namespace crash_point_detail

inline void crash_point(std::string_view name) {
  if (crash_point_detail::armed) crash_point_detail::come_by(name);
}
inline bool crash_points_armed() { return crash_point_detail::armed; }

}  // namespace neoid
