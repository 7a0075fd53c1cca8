#include <utility>

#include "controller/store/postgres_token_store.h"
#include "controller/store/sqlite_token_store.h"
#include "controller/store/token_store.h"

namespace neoid::store {

Result<std::unique_ptr<TokenStore>> open_token_store(const std::string& url, StoreOptions options) {
  constexpr std::string_view kPrefix = "sqlite:";
  if (!url.starts_with(kPrefix)) return PostgresTokenStore::open(url);
  std::string path = url.substr(kPrefix.size());
  if (path.starts_with("//")) path.erase(0, 2);
  return SqliteTokenStore::open(path, std::move(options));
}

}  // namespace neoid::store
