// A folder of its own for each test, and short words for what the tests say often.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "controller/apiserver/storage/storage.h"

namespace neoid::storage {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-storage-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path() const { return path_ / "data"; }

 private:
  std::filesystem::path path_;
};

inline ObjectKey key(const std::string& name, const std::string& ns = "ns",
                     const std::string& resource = "widgets.example.com") {
  return ObjectKey{resource, ns, name};
}

inline Json object(const std::string& name, int size = 1) {
  return Json{{"apiVersion", "example.com/v1"},
              {"kind", "Widget"},
              {"metadata", {{"name", name}, {"namespace", "ns"}, {"uid", "u-" + name}}},
              {"spec", {{"size", size}}}};
}

inline std::unique_ptr<ApiStorage> open_or_die(const std::filesystem::path& folder,
                                               StorageOptions options = {}) {
  auto opened = ApiStorage::open(folder, options);
  if (!opened) {
    ADD_FAILURE() << opened.error().describe();
    std::abort();
  }
  return std::move(*opened);
}

inline std::vector<std::string> names(const Page& page) {
  std::vector<std::string> all;
  for (const auto& item : page.items) all.push_back(item.key().ns + "/" + item.key().name);
  return all;
}

}  // namespace neoid::storage
