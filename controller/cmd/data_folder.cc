#include "controller/cmd/data_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "controller/base/file.h"
#include "controller/base/random.h"
#include "reconcile/base/crypto.h"

namespace neoid::cmd {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "neoid data folder 1\n";

Error problem(const fs::path& file, const std::string& what) {
  return Error{ErrorKind::Unavailable, file.string() + ": " + what};
}

// Whole or not at all, and on the disk when it returns.
Result<void> write_file(const fs::path& file, std::string_view text, mode_t mode) {
  const fs::path temporary = file.string() + ".new";
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (descriptor < 0)
    return fail(problem(temporary, std::string("cannot be written: ") + std::strerror(errno)));
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  const bool ok = written == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!ok || ::rename(temporary.c_str(), file.c_str()) != 0)
    return fail(problem(file, std::string("cannot be written: ") + std::strerror(errno)));
  return {};
}

Result<std::string> read_own_file(const fs::path& file) {
  auto text = read_file(file);
  if (!text) return fail(text.error().kind, text.error().message + "; does this user own the data folder?");
  return text;
}

Result<void> check_format(const fs::path& folder) {
  const fs::path file = folder / "FORMAT";
  if (!fs::exists(file)) {
    std::error_code error;
    if (!fs::is_empty(folder, error)) {
      return fail(ErrorKind::Invalid,
                  folder.string() +
                      " has files in it, but is no data folder of neoid; name an empty folder "
                      "or a new one with --data");
    }
    return write_file(file, kFormat, 0644);
  }
  NEOID_TRY(const std::string format, read_own_file(file));
  if (format == kFormat) return {};
  return fail(ErrorKind::Invalid,
              folder.string() +
                  " was made by another version of neoid; run that version, or name a new folder "
                  "with --data (nothing was changed)");
}

Secret make_token() {
  const auto bytes = random_array<24>();
  return Secret(hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
}

struct TokenLine {
  std::string_view user;
  std::string_view groups;
};
constexpr std::array<TokenLine, 3> kTokens = {{{"platform", "system:masters"},
                                               {"admin", "neoid:admins"},
                                               {"system:neoid-controller", "system:masters"}}};

Result<std::string> open_token_file(const fs::path& file) {
  if (fs::exists(file)) return read_own_file(file);
  std::string text;
  for (const TokenLine& line : kTokens) {
    text += std::string(make_token().reveal()) + "," + std::string(line.user) + "," + std::string(line.user) +
            ",\"" + std::string(line.groups) + "\"\n";
  }
  NEOID_TRY_VOID(write_file(file, text, 0600));
  return text;
}

// The token of a user in the file's text.
Result<Secret> token_of(const std::string& text, std::string_view user, const fs::path& file) {
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    const std::size_t comma = line.find(',');
    if (comma != std::string::npos && line.compare(comma + 1, user.size() + 1, std::string(user) + ",") == 0)
      return Secret(line.substr(0, comma));
    start = end + 1;
  }
  return fail(ErrorKind::Invalid, file.string() + " has no line for the user " + std::string(user) +
                                      "; take the file away and start again to have new tokens made");
}

Result<http::Identity> open_ca(const fs::path& folder, Instant now) {
  const fs::path certificate = folder / "ca.pem";
  const fs::path key = folder / "ca-key.pem";
  if (fs::exists(certificate) && fs::exists(key)) {
    NEOID_TRY(std::string certificate_pem, read_own_file(certificate));
    NEOID_TRY(std::string key_pem, read_own_file(key));
    return http::Identity{std::move(certificate_pem), Secret(std::move(key_pem))};
  }
  NEOID_TRY(http::Identity ca, http::make_ca("neoid standalone", now - std::chrono::hours(1),
                                             now + std::chrono::hours(24 * 3650)));
  NEOID_TRY_VOID(write_file(key, ca.key_pem.reveal(), 0600));
  NEOID_TRY_VOID(write_file(certificate, ca.certificate_pem, 0644));
  return ca;
}

}  // namespace

Result<DataFolder> open_data_folder(const fs::path& path, Instant now) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    fs::create_directories(path, error);
    if (error) return fail(problem(path, "cannot be made: " + error.message()));
    fs::permissions(path, fs::perms::owner_all, error);
  }
  if (!fs::is_directory(path, error))
    return fail(ErrorKind::Invalid, path.string() + " is no folder; name another with --data");
  NEOID_TRY_VOID(check_format(path));
  DataFolder folder;
  folder.path = path;
  NEOID_TRY(folder.token_file_text, open_token_file(path / "tokens.csv"));
  NEOID_TRY(folder.platform_token, token_of(folder.token_file_text, "platform", path / "tokens.csv"));
  NEOID_TRY(folder.admin_token, token_of(folder.token_file_text, "admin", path / "tokens.csv"));
  NEOID_TRY(folder.controller_token,
            token_of(folder.token_file_text, "system:neoid-controller", path / "tokens.csv"));
  NEOID_TRY(folder.ca, open_ca(path, now));
  return folder;
}

Result<std::string> private_text(const DataFolder& folder, const std::string& name,
                                 const std::string& otherwise) {
  const fs::path file = folder.path / name;
  if (!fs::exists(file)) NEOID_TRY_VOID(write_file(file, otherwise, 0600));
  return read_own_file(file);
}

Result<void> keep_text(const DataFolder& folder, const std::string& name, const std::string& text) {
  return write_file(folder.path / name, text, 0600);
}

Result<http::Identity> make_server_identity(const DataFolder& folder, const std::string& host, Instant now) {
  http::CertificateOptions options;
  options.common_name = "neoid standalone";
  options.dns_names = {"localhost", "kubernetes", "kubernetes.default.svc"};
  options.ip_addresses = {"127.0.0.1", "::1"};
  const bool is_address =
      host.find_first_not_of("0123456789.") == std::string::npos || host.find(':') != std::string::npos;
  if (is_address && host != "127.0.0.1" && host != "::1") options.ip_addresses.push_back(host);
  if (!is_address && host != "localhost") options.dns_names.push_back(host);
  options.usage = http::Usage::Server;
  options.not_before = now - std::chrono::hours(1);
  options.not_after = now + std::chrono::hours(24 * 365);
  return http::make_certificate(folder.ca, options);
}

}  // namespace neoid::cmd
