// Durable creates a second by N threads, fan-out, loading and lists, of objects of about 600 bytes.
//   bench_storage
#include <malloc.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "controller/apiserver/storage/storage.h"

namespace {

using neoid::Json;
using namespace neoid::storage;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Json widget(int i) {
  return Json{
      {"apiVersion", "identity.neostella.com/v1"},
      {"kind", "IntegrationUser"},
      {"metadata",
       {{"name", "user-" + std::to_string(i)},
        {"namespace", "bench"},
        {"uid", "0b8dbecc-9f1c-491d-b36e-29a773548783"},
        {"generation", 1},
        {"creationTimestamp", "2026-02-03T04:05:06Z"},
        {"labels", {{"app", "bench"}, {"n", std::to_string(i)}}},
        {"managedFields",
         Json::array(
             {{{"manager", "kubectl"},
               {"operation", "Update"},
               {"fieldsType", "FieldsV1"},
               {"fieldsV1",
                {{"f:spec", {{"f:displayName", Json::object()}, {"f:scopes", Json::object()}}}}}}})}}},
      {"spec",
       {{"displayName", "Integration " + std::to_string(i)},
        {"description", std::string(80, 'x')},
        {"scopes", {"documents.read", "documents.write"}}}}};
}

std::filesystem::path new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "neoid-bench-XXXXXX").string();
  return std::filesystem::path(::mkdtemp(name.data())) / "data";
}

long resident_kilobytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stol(line.substr(6));
  return 0;
}

void measure_creates(int threads, int watchers) {
  const auto folder = new_folder();
  auto storage = std::move(*ApiStorage::open(folder));
  std::vector<std::thread> readers;
  std::atomic<std::size_t> seen{0};
  for (int i = 0; i < watchers; ++i)
    readers.emplace_back([&, watch = std::move(*storage->watch("users"))] {
      while (!watch->closed()) {
        auto events = watch->next(std::chrono::seconds(1));
        if (!events) break;
        seen += events->size();
      }
    });
  std::atomic<int> next{0};
  const int total = 20'000 * (threads >= 16 ? 2 : 1) / (threads == 1 ? 2 : 1);
  const auto start = Clock::now();
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t)
    writers.emplace_back([&] {
      for (int i = next++; i < total; i = next++)
        if (!storage->create(ObjectKey{"users", "bench", "user-" + std::to_string(i)}, widget(i)))
          std::abort();
    });
  for (auto& writer : writers) writer.join();
  const double elapsed = seconds_since(start);
  const auto stats = storage->stats();
  std::printf(
      "create: %2d threads, %3d watchers: %7.0f/s, %.1f a group, %zu bytes each, %zu events delivered\n",
      threads, watchers, total / elapsed,
      static_cast<double>(stats.writes) / static_cast<double>(stats.groups),
      stats.object_bytes / stats.objects, seen.load());
  storage->close();
  for (auto& reader : readers) reader.join();
  storage.reset();
  std::filesystem::remove_all(folder.parent_path());
}

void measure_reads() {
  const auto folder = new_folder();
  {
    auto storage = std::move(*ApiStorage::open(folder));
    std::vector<Write> writes;
    for (int i = 0; i < 10'000; ++i) {
      Write write;
      write.key = ObjectKey{"users", "bench", "user-" + std::to_string(i)};
      write.value = widget(i);
      writes.push_back(std::move(write));
    }
    const auto start = Clock::now();
    for (const auto& result : storage->write(std::move(writes)))
      if (!result) std::abort();
    std::printf("write() of 10,000 at once: %.0f ms\n", seconds_since(start) * 1e3);
  }
  malloc_trim(0);
  const long before = resident_kilobytes();
  auto start = Clock::now();
  auto storage = std::move(*ApiStorage::open(folder));
  std::printf("open with 10,000 objects: %.0f ms, %ld kB resident more (%zu kB of bytes)\n",
              seconds_since(start) * 1e3, resident_kilobytes() - before,
              storage->stats().object_bytes / 1024);
  start = Clock::now();
  std::size_t bytes = 0;
  for (int round = 0; round < 20; ++round) {
    ListOptions options;
    options.resource = "users";
    const Page page = std::move(*storage->list(options));
    for (const auto& item : page.items) bytes += item.bytes().size();
  }
  std::printf("list of 10,000: %.2f ms\n", seconds_since(start) * 1e3 / 20);
  start = Clock::now();
  ListOptions options;
  options.resource = "users";
  options.limit = 500;
  for (;;) {
    const Page page = std::move(*storage->list(options));
    if (!page.next) break;
    options.start_after = page.next;
    options.at = page.revision;
  }
  std::printf("the same in pages of 500: %.2f ms\n", seconds_since(start) * 1e3);
  start = Clock::now();
  for (int i = 0; i < 200'000; ++i)
    if (!storage->get(ObjectKey{"users", "bench", "user-" + std::to_string(i % 10'000)})) std::abort();
  std::printf("get: %.0f/s (%zu)\n", 200'000 / seconds_since(start), bytes);
  storage.reset();
  std::filesystem::remove_all(folder.parent_path());
}

}  // namespace

int main() {
  for (const int threads : {1, 4, 16, 32}) measure_creates(threads, 0);
  measure_creates(16, 100);
  measure_reads();
}
