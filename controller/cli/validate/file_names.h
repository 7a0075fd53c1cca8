// FileNames: the paths of many files in little memory: folders once, names side by side (about 24 bytes a file).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reconcile/policy/name_arena.h"

namespace neoid::validate {

class FileNames {
 public:
  void add(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string folder(path.substr(0, begin));
    if (folders_.empty() || folders_.back() != folder) {
      const auto [found, is_new] = numbers_.emplace(folder, static_cast<std::uint32_t>(folders_.size()));
      if (is_new) folders_.push_back(folder);
      files_.push_back({found->second, names_.add(path.substr(begin))});
    } else {
      files_.push_back({static_cast<std::uint32_t>(folders_.size() - 1), names_.add(path.substr(begin))});
    }
  }
  void append(const FileNames& others) {
    for (std::size_t i = 0; i < others.size(); ++i) add(others[i]);
  }
  // From file `begin` on.
  void sort(std::size_t begin) {
    std::sort(files_.begin() + static_cast<std::ptrdiff_t>(begin), files_.end(),
              [this](const File& a, const File& b) {
                if (a.folder == b.folder) return names_.text(a.name) < names_.text(b.name);
                return path(a) < path(b);
              });
  }
  // Later ones of equal paths go; the order stays.
  void keep_first() {
    std::unordered_map<std::uint32_t, std::vector<std::string_view>> seen;  // folder -> sorted names
    for (const File& file : files_) seen[file.folder].push_back(names_.text(file.name));
    const bool any = std::any_of(seen.begin(), seen.end(), [](auto& entry) {
      std::sort(entry.second.begin(), entry.second.end());
      return std::adjacent_find(entry.second.begin(), entry.second.end()) != entry.second.end();
    });
    if (!any) return;
    std::unordered_map<std::string, bool> taken;
    std::deque<File> once;
    for (const File& file : files_)
      if (taken.emplace(path(file), true).second) once.push_back(file);
    files_ = std::move(once);
  }

  std::size_t size() const { return files_.size(); }
  std::string operator[](std::size_t file) const { return path(files_[file]); }

 private:
  struct File {
    std::uint32_t folder;
    std::uint32_t name;  // in names_
  };
  std::string path(const File& file) const {
    return folders_[file.folder] + std::string(names_.text(file.name));
  }

  std::vector<std::string> folders_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  policy::NameArena names_;
  std::deque<File> files_;
};

}  // namespace neoid::validate
