// Random writes, reads, lists in the past, watches and restarts against a model that is too simple to be
// wrong.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "controller/apiserver/storage/storage.h"
#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

// Every state there ever was, whole.
struct Model {
  struct Item {
    int size;
    Revision revision;
    bool operator==(const Item&) const = default;
  };
  using State = std::map<ObjectKey, Item>;
  std::map<Revision, State> states;  // by the revision that made it
  struct Happened {
    Event::Type type;
    ObjectKey key;
    int size;
  };
  std::map<Revision, Happened> events;

  const State& at(Revision revision) const { return std::prev(states.upper_bound(revision))->second; }
  const State& now() const { return states.rbegin()->second; }
};

class RandomRun {
 public:
  RandomRun(unsigned seed, const std::filesystem::path& folder) : random_(seed), folder_(folder) {
    storage_ = open_or_die(folder_, options_);
    model_.states[storage_->revision()] = {};
    opened_at_ = storage_->revision();
  }

  void step() {
    const int dice = pick(100);
    if (dice < 65) {
      write();
    } else if (dice < 75) {
      write_many();
    } else if (dice < 85) {
      list();
    } else if (dice < 95) {
      watch();
    } else if (dice < 99) {
      get();
    } else {
      storage_.reset();
      storage_ = open_or_die(folder_, options_);
      ASSERT_EQ(storage_->revision(), model_.states.rbegin()->first);
      opened_at_ = storage_->revision();
    }
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::string resource() { return pick(2) == 0 ? "secrets" : "widgets.example.com"; }
  std::string ns() {
    const int which = pick(3);
    return which == 0 ? "a" : which == 1 ? "a-b" : "b";
  }
  ObjectKey any_key() {
    return ObjectKey{resource(), ns(), std::string(1, static_cast<char>('a' + pick(6)))};
  }

  Write random_write() {
    Write write;
    write.key = any_key();
    const auto found = model_.now().find(write.key);
    write.type = static_cast<Write::Type>(pick(3));
    if (write.type != Write::Type::Create && pick(2) == 0 && found != model_.now().end())
      write.expected = found->second.revision - (pick(4) == 0 ? 1 : 0);
    if (write.type != Write::Type::Erase) write.value = object(write.key.name, pick(4));
    return write;
  }

  // What must come of it, and takes it over into the model.
  std::string expect(const Write& write, Revision& revision, Model::State& state) {
    const auto found = state.find(write.key);
    const bool there = found != state.end();
    if (write.type == Write::Type::Create && there) return "AlreadyExists";
    if (write.type != Write::Type::Create && !there) return "NotFound";
    if (write.expected != 0 && write.expected != found->second.revision) return "Conflict";
    const int size =
        write.type == Write::Type::Erase ? found->second.size : write.value["spec"]["size"].get<int>();
    if (write.type == Write::Type::Update && found->second.size == size)
      return "same " + std::to_string(found->second.revision);
    ++revision;
    const Event::Type type = write.type == Write::Type::Erase ? Event::Type::Deleted
                             : there                          ? Event::Type::Modified
                                                              : Event::Type::Added;
    if (write.type == Write::Type::Erase)
      state.erase(found);
    else
      state[write.key] = {size, revision};
    model_.events[revision] = {type, write.key, size};
    model_.states[revision] = state;
    return "wrote " + std::to_string(revision);
  }

  static std::string outcome(const Result<StoredObject>& result, Revision before) {
    if (!result) return result.error().reason;
    return (result->revision() > before ? "wrote " : "same ") + std::to_string(result->revision());
  }

  void write_these(std::vector<Write> writes) {
    const Revision before = storage_->revision();
    Revision revision = before;
    Model::State state = model_.now();
    std::vector<std::string> expected;
    for (const Write& write : writes) expected.push_back(expect(write, revision, state));
    const auto results = storage_->write(std::move(writes));
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      // Within one call an update may find what the same call has just written.
      std::string got = outcome(results[i], before);
      if (expected[i].rfind("same", 0) == 0 && got.rfind("wrote", 0) == 0) got.replace(0, 5, "same");
      ASSERT_EQ(got, expected[i]);
    }
    ASSERT_EQ(storage_->revision(), revision);
  }
  void write() {
    std::vector<Write> writes;
    writes.push_back(random_write());
    write_these(std::move(writes));
  }
  void write_many() {
    std::vector<Write> writes;
    for (int i = pick(6); i >= 0; --i) writes.push_back(random_write());
    write_these(std::move(writes));
  }

  void get() {
    const ObjectKey key = any_key();
    const auto found = model_.now().find(key);
    const auto got = storage_->get(key);
    ASSERT_EQ(static_cast<bool>(got), found != model_.now().end());
    if (!got) return;
    ASSERT_EQ(got->revision(), found->second.revision);
    const Json value = Json::parse(got->bytes());
    ASSERT_EQ(value["spec"]["size"], found->second.size);
    ASSERT_EQ(value["metadata"]["resourceVersion"], std::to_string(got->revision()));
  }

  // Events of a resource after `from` that happened since the folder was opened are held, unless there are
  // too many.
  bool reachable(const std::string& of, Revision from) const {
    std::size_t later = 0;
    for (const auto& [revision, event] : model_.events) {
      if (event.key.resource != of || revision <= from) continue;
      if (revision <= opened_at_) return false;
      // This event is held if fewer than the bound happened after it, of whatever resource.
      later = static_cast<std::size_t>(std::distance(model_.events.find(revision), model_.events.end()));
      if (later > options_.history_events) return false;
    }
    return from >= model_.states.begin()->first;
  }

  Revision some_revision() {
    const Revision now = storage_->revision();
    return std::max<Revision>(model_.states.begin()->first - 1, now - pick(60));
  }

  void list() {
    ListOptions options;
    options.resource = resource();
    if (pick(2) == 0) options.ns = ns();
    options.limit = static_cast<std::size_t>(pick(4));
    const Revision at = some_revision();
    options.at = at;
    std::vector<std::pair<ObjectKey, Model::Item>> expected;
    for (const auto& [key, item] : model_.at(std::max(at, model_.states.begin()->first)))
      if (key.resource == options.resource && (options.ns.empty() || key.ns == options.ns))
        expected.emplace_back(key, item);
    std::vector<std::pair<ObjectKey, Model::Item>> got;
    for (;;) {
      const auto page = storage_->list(options);
      ASSERT_EQ(static_cast<bool>(page), reachable(options.resource, at))
          << at << " of " << storage_->revision();
      if (!page) return;
      ASSERT_EQ(page->revision, at);
      for (const auto& item : page->items)
        got.emplace_back(item.key(),
                         Model::Item{(*item.value())["spec"]["size"].get<int>(), item.revision()});
      ASSERT_EQ(page->remaining.value_or(0), expected.size() - got.size());
      if (!page->next) break;
      options.start_after = page->next;
    }
    ASSERT_EQ(got, expected);
  }

  void watch() {
    const std::string of = resource();
    const std::string in = pick(2) == 0 ? ns() : "";
    const Revision from = some_revision();
    auto watch = storage_->watch(of, in, from);
    ASSERT_EQ(static_cast<bool>(watch), reachable(of, from)) << from << " of " << storage_->revision();
    if (!watch) return;
    auto expected = model_.events.upper_bound(from);
    for (;;) {
      const auto events = (*watch)->next(std::chrono::milliseconds(0)).value();
      if (events.empty()) break;
      for (const Event& event : events) {
        while (expected->second.key.resource != of || (!in.empty() && expected->second.key.ns != in))
          ++expected;
        ASSERT_EQ(event.object.revision(), expected->first);
        ASSERT_EQ(event.type, expected->second.type);
        ASSERT_EQ(event.object.key(), expected->second.key);
        ASSERT_EQ((*event.object.value())["spec"]["size"], expected->second.size);
        ASSERT_EQ(event.previous.has_value(), event.type != Event::Type::Added);
        ++expected;
      }
    }
    for (; expected != model_.events.end(); ++expected)
      ASSERT_FALSE(expected->second.key.resource == of && (in.empty() || expected->second.key.ns == in))
          << "missed";
    ASSERT_EQ((*watch)->revision(), storage_->revision());
  }

  std::mt19937 random_;
  std::filesystem::path folder_;
  StorageOptions options_{.history_events = 40};
  std::unique_ptr<ApiStorage> storage_;
  Model model_;
  Revision opened_at_ = 0;
};

TEST(RandomTest, BehavesAsTheModelDoes) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    TemporaryFolder folder;
    RandomRun run(seed, folder.path());
    for (int i = 0; i < 600; ++i) {
      run.step();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace neoid::storage
