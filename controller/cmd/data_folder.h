// The one folder of `neoid standalone`: everything that it must find again.
//
//   FORMAT            which version of this layout
//   api/              the embedded API's storage (locked by whoever runs)
//   identity.db       the identity store, unless --store names another
//   key-encryption-key what the token service's signing keys are encrypted with in the store (mode 0600)
//   oauth-port        the port that it was given, where any would do
//   tokens.csv        who may ask the API (mode 0600)
//   ca.pem ca-key.pem the API's own certificate authority (key: mode 0600)
//   kubeconfig        contexts `admin` and `platform` (mode 0600)
#pragma once

#include <filesystem>
#include <string>

#include "controller/http/tls.h"
#include "reconcile/base/result.h"

namespace neoid::cmd {

struct DataFolder {
  std::filesystem::path path;
  Secret admin_token;
  Secret platform_token;
  Secret controller_token;
  std::string token_file_text;
  http::Identity ca;
};

// Makes the folder where there is none (mode 0700), and what is missing in it. Invalid: of another format, or damaged:
// one line with the file and the remedy. Unavailable: cannot be read or written.
Result<DataFolder> open_data_folder(const std::filesystem::path& path, Instant now);

// The text of a file in the folder; where there is none, `otherwise` is written first (mode 0600).
Result<std::string> private_text(const DataFolder& folder, const std::string& name,
                                 const std::string& otherwise);
Result<void> keep_text(const DataFolder& folder, const std::string& name, const std::string& text);

// A certificate for the API, signed by the folder's CA, valid for a year.
Result<http::Identity> make_server_identity(const DataFolder& folder, const std::string& host, Instant now);

}  // namespace neoid::cmd
