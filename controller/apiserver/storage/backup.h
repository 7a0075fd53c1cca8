// A copy of a folder's objects, made by a process that does not hold the folder, while its owner reads and writes.
#pragma once

#include <filesystem>

#include "reconcile/base/result.h"

namespace neoid::storage {

// From `folder` (that of ApiStorage::open) to `target`, a folder that is made; one consistent state, as
// ApiStorage::backup makes it. NotFound: `folder` has no objects. Conflict: `target` has some already.
Result<void> backup_folder(const std::filesystem::path& folder, const std::filesystem::path& target);

}  // namespace neoid::storage
