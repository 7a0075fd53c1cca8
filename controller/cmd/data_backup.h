// A copy of the data folder of `neoid standalone` while it runs, which is a data folder itself.
#pragma once

#include <filesystem>

#include "reconcile/base/result.h"

namespace neoid::cmd {

// `to` must not be there, and is there only when it is whole. The identity store is copied before the API's objects: of
// two moments, the Secrets have the later one, which is what the credential protocol heals ("Restored store" in
// docs/credential-protocol.md). An identity store elsewhere (--store) is backed up where it is.
// Errors: NotFound (no data folder), Conflict (`to` is there), Unavailable.
Result<void> backup_data_folder(const std::filesystem::path& data, const std::filesystem::path& to);

// `neoid backup`: the same with its messages; the exit code.
int run_backup(const std::filesystem::path& data, const std::filesystem::path& to);

}  // namespace neoid::cmd
