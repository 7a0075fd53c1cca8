#include "controller/cmd/data_backup.h"

#include <iostream>
#include <system_error>

#include "controller/apiserver/storage/backup.h"
#include "controller/cli/output.h"
#include "controller/store/identity_store.h"

namespace neoid::cmd {
namespace {

namespace fs = std::filesystem;

Result<void> copy_one(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);  // with its mode
  if (error) return fail(ErrorKind::Unavailable, from.string() + " cannot be copied: " + error.message());
  return {};
}

Result<void> fill(const fs::path& data, const fs::path& to) {
  std::error_code error;
  if (fs::exists(data / "identity.db", error))
    NEOID_TRY_VOID(
        store::backup_store("sqlite:" + (data / "identity.db").string(), (to / "identity.db").string()));
  NEOID_TRY_VOID(storage::backup_folder(data / "api", to / "api"));
  for (const char* name :
       {"tokens.csv", "ca.pem", "ca-key.pem", "kubeconfig", "key-encryption-key", "oauth-port"})
    if (fs::exists(data / name, error)) NEOID_TRY_VOID(copy_one(data / name, to / name));
  return copy_one(data / "FORMAT", to / "FORMAT");
}

}  // namespace

Result<void> backup_data_folder(const fs::path& data, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(data / "FORMAT", error))
    return fail(ErrorKind::NotFound, data.string() + " is no data folder of neoid; name one with --data");
  if (fs::exists(to, error))
    return fail(ErrorKind::Conflict, to.string() + " exists: a backup does not overwrite; name a new folder");
  fs::path partial = to;
  partial += ".partial";
  fs::remove_all(partial, error);
  fs::create_directories(partial, error);
  if (error) return fail(ErrorKind::Unavailable, partial.string() + " cannot be made: " + error.message());
  fs::permissions(partial, fs::perms::owner_all, error);
  const auto filled = fill(data, partial);
  if (filled) fs::rename(partial, to, error);
  if (filled && !error) return {};
  const std::string why = error.message();
  fs::remove_all(partial, error);
  if (!filled) return fail(filled.error());
  return fail(ErrorKind::Unavailable, to.string() + " cannot be made: " + why);
}

int run_backup(const fs::path& data, const fs::path& to) {
  if (auto done = backup_data_folder(data, to); !done) return cli::report(std::cerr, done.error());
  std::cout << "backed up to " << to.string() << "; to use it: neoid standalone --data " << to.string()
            << '\n';
  return cli::kDone;
}

}  // namespace neoid::cmd
