#include "controller/apiserver/storage/backup.h"

#include "controller/apiserver/storage/database.h"
#include "controller/apiserver/storage/folder.h"

namespace neoid::storage {

Result<void> backup_folder(const std::filesystem::path& folder, const std::filesystem::path& target) {
  std::error_code error;
  if (!std::filesystem::exists(folder / "api.db", error))
    return fail(ErrorKind::NotFound, (folder / "api.db").string() + " is not there");
  std::filesystem::create_directories(target, error);
  if (error) return fail(ErrorKind::Unavailable, target.string() + " cannot be made: " + error.message());
  std::filesystem::permissions(target, std::filesystem::perms::owner_all, error);
  return Database::backup(folder / "api.db", target / "api.db");
}

}  // namespace neoid::storage
