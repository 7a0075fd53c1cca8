#include "controller/manifests/tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "controller/base/file.h"
#include "reconcile/value/yaml.h"

namespace neoid::manifests {
namespace {

namespace fs = std::filesystem;

struct File {
  std::string name;  // below the folder
  fs::path path;     // resolved
};

struct Files {
  std::vector<File> files;
  std::vector<Problem> problems;
};

bool counts(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name == "kustomization.yaml" || name == "kustomization.yml") return false;
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

bool is_inside(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

class Walk {
 public:
  explicit Walk(fs::path root) : root_(std::move(root)) {}

  Files run() {
    folder(root_, "");
    std::sort(found_.files.begin(), found_.files.end(),
              [](const File& a, const File& b) { return a.name < b.name; });
    return std::move(found_);
  }

 private:
  void complain(const std::string& name, const std::string& message) {
    found_.problems.push_back({name.empty() ? "." : name, message});
  }

  void folder(const fs::path& path, const std::string& name) {
    if (!seen_.insert(path.native()).second) return;
    std::error_code error;
    std::vector<fs::path> entries;
    fs::directory_iterator it(path, error);
    for (const fs::directory_iterator end; !error && it != end; it.increment(error))
      entries.push_back(it->path());
    if (error) complain(name, "cannot be read: " + error.message());
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      const std::string file_name = entry.filename().string();
      if (!file_name.starts_with('.')) visit(entry, name.empty() ? file_name : name + "/" + file_name);
    }
  }

  void visit(const fs::path& entry, const std::string& name) {
    std::error_code error;
    const bool link = fs::is_symlink(fs::symlink_status(entry, error));
    const fs::path real = link ? fs::canonical(entry, error) : entry;
    if (error) {
      if (counts(entry)) complain(name, "cannot be read: " + error.message());
      return;
    }
    const bool is_folder = fs::is_directory(real, error);
    if (!is_folder && !counts(entry)) return;
    if (link && !is_inside(real, root_))
      return complain(name, "is a link that leads out of the folder; it is not followed");
    if (is_folder) return folder(real, name);
    if (!fs::is_regular_file(real, error) || !seen_.insert(real.native()).second) return;
    found_.files.push_back({name, real});
  }

  const fs::path root_;
  std::set<std::string> seen_;
  Files found_;
};

Result<fs::path> resolve(const fs::path& folder) {
  std::error_code error;
  fs::path root = fs::canonical(folder, error);
  if (error == std::errc::no_such_file_or_directory)
    return fail(ErrorKind::NotFound, folder.string() + " is not there");
  if (!error && !fs::is_directory(root, error))
    return fail(ErrorKind::NotFound, folder.string() + " is no folder");
  if (error) return fail(ErrorKind::Unavailable, folder.string() + " cannot be read: " + error.message());
  return root;
}

bool has_duplicates(const Document& document) {
  return std::any_of(document.notices.begin(), document.notices.end(),
                     [](const Notice& notice) { return notice.kind == NoticeKind::DuplicateKey; });
}

void read_documents(const File& file, Tree& tree) {
  const auto text = read_file(file.path);
  if (!text) {
    tree.problems.push_back({file.name, text.error().message});
    tree.whole = false;
    return;
  }
  YamlReader reader{std::string_view(*text)};
  for (;;) {
    auto document = reader.next();
    if (!document) {
      tree.problems.push_back({file.name, document.error().message});
      tree.whole = false;
      return;
    }
    if (!*document) return;
    const std::string where = fmt::format("{}:{}", file.name, (*document)->start.line);
    for (const Notice& notice : (*document)->notices) {
      if (notice.kind == NoticeKind::DuplicateKey)
        tree.problems.push_back({fmt::format("{}:{}", file.name, notice.at.line), notice.message});
    }
    if (has_duplicates(**document)) {  // which of the two is meant nobody knows
      tree.whole = false;
      continue;
    }
    for (Json& object : items_of_list(std::move((*document)->value)))
      tree.manifests.push_back({where, std::move(object)});
  }
}

}  // namespace

Result<std::string> fingerprint(const fs::path& folder) {
  NEOID_TRY(const fs::path root, resolve(folder));
  std::string print = root.string() + '\n';
  for (const File& file : Walk(root).run().files) {
    struct stat facts {};
    ::stat(file.path.c_str(), &facts);
    print += fmt::format("{}\n{} {} {} {}.{}\n", file.name, facts.st_dev, facts.st_ino, facts.st_size,
                         facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  }
  return print;
}

Result<Tree> read_tree(const fs::path& folder) {
  NEOID_TRY(const fs::path root, resolve(folder));
  Files found = Walk(root).run();
  Tree tree;
  tree.whole = found.problems.empty();
  tree.problems = std::move(found.problems);
  for (const File& file : found.files) read_documents(file, tree);
  return tree;
}

}  // namespace neoid::manifests
