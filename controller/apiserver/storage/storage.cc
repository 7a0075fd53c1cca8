#include "controller/apiserver/storage/storage.h"

#include "controller/apiserver/storage/engine.h"

namespace neoid::storage {

Watch::Watch(Engine& engine, std::string resource, std::string ns, Revision from)
    : engine_(engine), resource_(std::move(resource)), ns_(std::move(ns)), cursor_(from) {}
Watch::~Watch() { engine_.end_watch(); }

Result<std::vector<Event>> Watch::next(std::chrono::milliseconds timeout, std::stop_token stop) {
  return engine_.next(resource_, ns_, cursor_, timeout, stop);
}
bool Watch::closed() const { return engine_.closed(); }

ApiStorage::ApiStorage(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
ApiStorage::~ApiStorage() = default;
void ApiStorage::close() { engine_->close(); }

Result<std::unique_ptr<ApiStorage>> ApiStorage::open(const std::filesystem::path& folder,
                                                     StorageOptions options) {
  NEOID_TRY(FolderLock lock, lock_folder(folder));
  NEOID_TRY_VOID(check_format(folder));
  const auto file = folder / "api.db";
  NEOID_TRY(Database database, Database::open(file));
  NEOID_TRY(Loaded loaded, database.load());
  auto engine =
      std::make_unique<Engine>(file, options, std::move(lock), std::move(database), std::move(loaded));
  return std::unique_ptr<ApiStorage>(new ApiStorage(std::move(engine)));
}

Result<StoredObject> ApiStorage::get(const ObjectKey& key) const { return engine_->get(key); }
Result<Page> ApiStorage::list(const ListOptions& options) const { return engine_->list(options); }
std::size_t ApiStorage::count(const std::string& resource, const std::string& ns) const {
  return engine_->count(resource, ns);
}
std::vector<std::string> ApiStorage::resources() const { return engine_->resources(); }
Revision ApiStorage::revision() const { return engine_->revision(); }
bool ApiStorage::wait_for(Revision revision, std::chrono::milliseconds timeout) const {
  return engine_->wait_for(revision, timeout);
}

std::vector<Result<StoredObject>> ApiStorage::write(std::vector<Write> writes) {
  return engine_->write(std::move(writes));
}
Result<StoredObject> ApiStorage::create(const ObjectKey& key, Json value, std::optional<Instant> expires) {
  std::vector<Write> writes;
  writes.push_back(Write{Write::Type::Create, key, std::move(value), 0, expires});
  return std::move(engine_->write(std::move(writes)).front());
}
Result<StoredObject> ApiStorage::update(const ObjectKey& key, Json value, Revision expected,
                                        std::optional<Instant> expires) {
  std::vector<Write> writes;
  writes.push_back(Write{Write::Type::Update, key, std::move(value), expected, expires});
  return std::move(engine_->write(std::move(writes)).front());
}
Result<StoredObject> ApiStorage::erase(const ObjectKey& key, Revision expected) {
  std::vector<Write> writes;
  writes.push_back(Write{Write::Type::Erase, key, nullptr, expected, {}});
  return std::move(engine_->write(std::move(writes)).front());
}
Result<std::size_t> ApiStorage::erase_expired(Instant now) { return engine_->erase_expired(now); }

Result<std::unique_ptr<Watch>> ApiStorage::watch(const std::string& resource, const std::string& ns,
                                                 Revision from) {
  NEOID_TRY(const Revision start, engine_->start_watch(resource, from));
  return std::unique_ptr<Watch>(new Watch(*engine_, resource, ns, start));
}

Result<void> ApiStorage::backup(const std::filesystem::path& target) const {
  return Database::backup(engine_->file(), target);
}
ApiStorage::Stats ApiStorage::stats() const { return engine_->stats(); }

}  // namespace neoid::storage
