// The data folder: one owner, one format.
#pragma once

#include <filesystem>
#include <string_view>

#include "reconcile/base/result.h"

namespace neoid::storage {

inline constexpr int kFormat = 1;  // of the folder and of the database in it

// Held for the life of the process; the kernel lets go of it when the process dies, however it dies.
class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  friend Result<FolderLock> lock_folder(const std::filesystem::path& folder);
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// Creates the folder (0700) if it is missing and takes `api.lock`. Conflict: somebody else holds it.
Result<FolderLock> lock_folder(const std::filesystem::path& folder);
// Reads `api.format`, writes it where it is missing. Invalid: another format.
Result<void> check_format(const std::filesystem::path& folder);
// Creates the file (0600) if it is missing.
Result<void> touch_private(const std::filesystem::path& file);
// What is written into the folder's directory entries survives a power cut.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace neoid::storage
