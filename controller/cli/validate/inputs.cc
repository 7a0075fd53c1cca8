#include "controller/cli/validate/inputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace neoid::validate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWholeBytes = std::size_t{1} << 20;  // files up to this are one piece
constexpr std::size_t kMaxDocumentBytes = YamlLimits{}.max_document_bytes;
constexpr std::string_view kCut = "\n---";

// Of a file that is one piece, and so work for one thread.
bool is_small(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) <= kWholeBytes && !error;
}

std::string why(int error) { return std::generic_category().message(error); }

bool is_manifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// Nothing that should have been judged is passed over in silence: a folder that cannot be opened, and a link that leads
// nowhere, are told. Links to folders are not followed (they can lead round in circles; kubectl does not either).
void walk(const std::string& top, Listing& listing) {
  const std::size_t begin = listing.files.size();
  std::vector<std::string> folders = {top};
  while (!folders.empty()) {
    const std::string folder = std::exchange(folders.back(), {});
    folders.pop_back();
    std::error_code error;
    fs::directory_iterator it(folder, error);
    for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
      if (is_hidden(it->path())) continue;
      std::error_code failed;
      if (it->symlink_status(failed).type() == fs::file_type::directory) {
        folders.push_back(it->path().native());
      } else if (is_manifest(it->path())) {
        const fs::file_type type = it->status(failed).type();
        if (type == fs::file_type::regular) listing.files.add(it->path().native());
        if (type == fs::file_type::not_found)
          failed = std::make_error_code(std::errc::no_such_file_or_directory);
        if (type == fs::file_type::not_found || type == fs::file_type::none)
          listing.unreadable.emplace_back(it->path().native(), failed.message());
      }
    }
    if (error) listing.unreadable.emplace_back(folder, error.message());
  }
  listing.files.sort(begin);
}

// Bytes read; -1 with errno.
ssize_t read_some(int descriptor, char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer, size);
    if (count >= 0 || errno != EINTR) return count;
  }
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // without a copy lines are not shown; that is all
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

OpenFile open_copy() {
  std::string name = (fs::temp_directory_path() / "neoid-validate-XXXXXX").string();
  OpenFile copy(::mkstemp(name.data()));
  if (copy.get() >= 0) ::unlink(name.c_str());
  return copy;
}

// YAML in UTF-8 can be cut at any `---`; a JSON stream and UTF-16 cannot.
bool can_be_cut(std::string_view begin) {
  if (begin.starts_with("\xFF\xFE") || begin.starts_with("\xFE\xFF")) return false;
  const std::size_t first = begin.find_first_not_of(" \t\r\n\v\f");
  return first == std::string_view::npos || begin[first] != '{';
}

}  // namespace

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Listing list_inputs(const std::vector<std::string>& paths) {
  Listing listing;
  for (const std::string& path : paths) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (path == "-")
      listing.files.add(path);
    else if (status.type() == fs::file_type::not_found)
      listing.unreadable.emplace_back(path, why(ENOENT));
    else if (error)
      listing.unreadable.emplace_back(path, error.message());
    else if (fs::is_directory(status))
      walk(path, listing);
    else
      listing.files.add(path);
  }
  if (paths.size() > 1) listing.files.keep_first();
  std::sort(listing.unreadable.begin(), listing.unreadable.end());
  return listing;
}

bool is_one_piece(const Listing& listing) {
  return listing.files.size() == 0 || (listing.files.size() == 1 && is_small(listing.files[0]));
}

// One large file, piece by piece.
class Pieces::Cutter {
 public:
  Cutter(std::uint32_t number, OpenFile file, int descriptor, int copy)
      : number_(number), file_(std::move(file)), descriptor_(descriptor), copy_(copy) {}

  // nullopt at the end.
  std::optional<Piece> next() {
    while (!finished_ && pending_.size() < kPieceBytes) fill();
    if (first_ && !can_be_cut(pending_)) return stream();
    first_ = false;
    for (;;) {
      const std::size_t cut = find_cut();
      if (cut != 0) return piece(cut);
      if (finished_) return last();
      if (pending_.size() > kMaxDocumentBytes + kPieceBytes) {
        finished_ = true;  // one document that is too large: its reader says so
        return last();
      }
      const std::size_t wanted = pending_.size() * 2;
      while (!finished_ && pending_.size() < wanted) fill();
    }
  }

 private:
  void fill() {
    const std::size_t before = pending_.size();
    pending_.resize(before + kPieceBytes);
    const ssize_t count = read_some(descriptor_, pending_.data() + before, kPieceBytes);
    if (count < 0) error_ = why(errno);
    pending_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count <= 0) finished_ = true;
    if (copy_ >= 0) write_all(copy_, std::string_view(pending_).substr(before));
  }

  // Where the last document begins of which the beginning is here; 0: nowhere but at the start.
  std::size_t find_cut() const {
    const std::size_t found = pending_.rfind(kCut);
    return found == std::string::npos ? 0 : found + 1;
  }

  Piece piece(std::size_t bytes) {
    Piece piece;
    piece.file = number_;
    piece.first_line = line_;
    piece.text = pending_.substr(0, bytes);
    line_ += static_cast<int>(std::count(piece.text.begin(), piece.text.end(), '\n'));
    pending_.erase(0, bytes);
    return piece;
  }

  std::optional<Piece> last() {
    if (pending_.empty() && error_.empty()) return std::nullopt;
    Piece rest = piece(pending_.size());
    rest.error = std::exchange(error_, {});
    return rest;
  }

  Piece stream() {
    Piece piece;
    piece.file = number_;
    auto file = std::make_shared<OpenFile>(std::move(file_));
    auto head = std::make_shared<std::string>(std::exchange(pending_, {}));
    piece.stream = [file, head, descriptor = descriptor_, copy = copy_, at = std::size_t{0}](
                       char* buffer, std::size_t size) mutable -> Result<std::size_t> {
      if (at < head->size()) {
        const std::size_t count = std::min(size, head->size() - at);
        std::memcpy(buffer, head->data() + at, count);
        at += count;
        return count;
      }
      const ssize_t count = read_some(descriptor, buffer, size);
      if (count < 0) return fail(ErrorKind::Unavailable, why(errno));
      if (copy >= 0) write_all(copy, {buffer, static_cast<std::size_t>(count)});
      return static_cast<std::size_t>(count);
    };
    piece.error = std::exchange(error_, {});
    finished_ = true;
    first_ = false;
    return piece;
  }

  const std::uint32_t number_;
  OpenFile file_;
  const int descriptor_;
  const int copy_;
  std::string pending_;
  std::string error_;
  int line_ = 1;
  bool first_ = true;
  bool finished_ = false;
};

Pieces::Pieces(const FileNames& files, std::size_t count, int standard_input)
    : files_(files), count_(count), standard_input_(standard_input) {}
Pieces::~Pieces() = default;

int Pieces::copy_of_standard_input() const {
  MutexLock lock(mutex_);
  return copy_.get();
}

// Opens the next file: a small one is the answer, a large one becomes cutter_.
Pieces::Opened Pieces::open_next() {
  Opened opened;
  opened.number = next_file_++;
  const std::string name = files_[opened.number];
  if (name == "-") {
    copy_ = open_copy();
    cutter_ = std::make_unique<Cutter>(opened.number, OpenFile(), standard_input_, copy_.get());
    return opened;
  }
  opened.file = OpenFile(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (opened.file.get() < 0 || ::fstat(opened.file.get(), &facts) != 0) {
    opened.error = why(errno);
  } else if (!S_ISREG(facts.st_mode) || static_cast<std::size_t>(facts.st_size) > kWholeBytes) {
    const int descriptor = opened.file.get();
    cutter_ = std::make_unique<Cutter>(opened.number, std::move(opened.file), descriptor, -1);
  } else {
    opened.bytes = static_cast<std::size_t>(facts.st_size);
  }
  return opened;
}

std::optional<Piece> Pieces::next() {
  Opened opened;
  {
    MutexLock lock(mutex_);
    for (;;) {
      if (cutter_) {
        auto piece = cutter_->next();
        if (piece) return piece;
        cutter_.reset();
      }
      if (next_file_ == count_) return std::nullopt;
      opened = open_next();
      if (!cutter_) break;
    }
  }
  return read_whole(std::move(opened));
}

Piece Pieces::read_whole(Opened opened) {
  Piece piece;
  piece.file = opened.number;
  piece.error = std::move(opened.error);
  if (!piece.error.empty()) return piece;
  piece.text.resize(opened.bytes + 1);
  std::size_t size = 0;
  for (;;) {
    if (size == piece.text.size()) piece.text.resize(size * 2);  // it grew
    const ssize_t count = read_some(opened.file.get(), piece.text.data() + size, piece.text.size() - size);
    if (count < 0) piece.error = why(errno);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  piece.text.resize(size);
  return piece;
}

}  // namespace neoid::validate
