#include "controller/store/token_rows.h"

#include <algorithm>
#include <utility>

#include "reconcile/value/json.h"

namespace neoid::store {
namespace {

Error damaged_version() {
  return Error{ErrorKind::Internal, "a credential version of the store is none that this program knows"};
}

}  // namespace

Error keys_changed() {
  return Error{ErrorKind::Conflict, "somebody else changed the signing keys", "KeysChanged"};
}

Result<std::vector<TokenVersion>> decode_token_versions(const std::string& json_array) {
  const Json rows = Json::parse(json_array, nullptr, false);
  if (!rows.is_array()) return fail(damaged_version());
  std::vector<TokenVersion> versions;
  versions.reserve(rows.size());
  for (const Json& row : rows) {
    if (!row.is_array() || row.size() != 4 || !row[0].is_number_integer() || !row[1].is_string() ||
        !row[2].is_string() || !(row[3].is_null() || row[3].is_number_integer()))
      return fail(damaged_version());
    TokenVersion version;
    version.number = row[0].get<std::int64_t>();
    const auto hash = unhex(row[1].get<std::string>());
    if (!hash || hash->size() != version.hash.size()) return fail(damaged_version());
    std::copy(hash->begin(), hash->end(), version.hash.begin());
    const std::string state = row[2].get<std::string>();
    version.state = state == "delivered" ? plan::VersionState::Delivered
                    : state == "issued"  ? plan::VersionState::Issued
                                         : plan::VersionState::Revoked;
    if (!row[3].is_null()) version.valid_until = instant_of(row[3].get<std::int64_t>());
    versions.push_back(version);
  }
  return versions;
}

}  // namespace neoid::store
