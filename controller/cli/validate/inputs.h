// Inputs: paths into files, files into pieces of text that threads take one by one.
//
// A small file is one piece. A large file, or standard input, is cut at lines that start with `---`, so that no more
// than a piece a thread is in memory; JSON and UTF-16 are not cut but read as a stream by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/mutex.h"
#include "controller/cli/validate/file_names.h"
#include "reconcile/value/yaml.h"

namespace neoid::validate {

struct Listing {
  FileNames files;  // as given, or found below a folder; "-" is standard input
  std::vector<std::pair<std::string, std::string>> unreadable;  // path, and why; sorted
};

// Folders are walked (*.yaml, *.yml, *.json; sorted; nothing that starts with a dot); files are taken whatever their
// name. Each file once.
Listing list_inputs(const std::vector<std::string>& paths);
// Whether there is work for one thread only.
bool is_one_piece(const Listing& listing);

// A file descriptor that is closed at the end.
class OpenFile {
 public:
  explicit OpenFile(int descriptor = -1) : descriptor_(descriptor) {}
  OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OpenFile();
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Piece {
  std::uint32_t file = 0;  // number of the input
  int first_line = 1;
  std::string text;
  YamlReader::Source stream;  // in place of text, for what cannot be cut
  std::string error;          // the file could not be read
};

// Thread-safe. Borrows the names and takes the first `count` of them.
class Pieces {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

  // `standard_input`: what "-" reads; a copy of it is kept in a temporary file, so that lines of it can be shown.
  Pieces(const FileNames& files, std::size_t count, int standard_input);
  ~Pieces();
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  // nullopt: no more.
  std::optional<Piece> next() NEOID_EXCLUDES(mutex_);
  // -1: there is none. Open as long as this object.
  int copy_of_standard_input() const NEOID_EXCLUDES(mutex_);

 private:
  class Cutter;
  struct Opened {
    std::uint32_t number = 0;
    OpenFile file;
    std::size_t bytes = 0;
    std::string error;
  };
  Opened open_next() NEOID_REQUIRES(mutex_);
  static Piece read_whole(Opened opened);

  const FileNames& files_;
  const std::size_t count_;
  const int standard_input_;
  mutable Mutex mutex_;
  std::uint32_t next_file_ NEOID_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Cutter> cutter_ NEOID_GUARDED_BY(mutex_);
  OpenFile copy_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::validate
