// Lines of the inputs, read again from where they were read: only inputs with findings are opened twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controller/cli/validate/file_names.h"

namespace neoid::validate {

// Asked in the order of the findings, it reads each file once. Not thread-safe. Borrows the names.
class LineReader {
 public:
  // `standard_input`: a file descriptor with what "-" read, from its start; -1: none.
  LineReader(const FileNames& files, int standard_input);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Line `line` (from 1) without its end, at most 4 KiB of it; nullopt: there is none, or the file is not UTF-8.
  std::optional<std::string> line(std::uint32_t file, int line);

 private:
  bool open(std::uint32_t file);
  void close();
  bool read_line();

  const FileNames& files_;
  const int standard_input_;
  int descriptor_ = -1;
  std::uint32_t file_ = 0xFFFF'FFFF;
  int number_ = 0;  // of current_
  std::string current_;
  std::string buffer_;
  std::size_t at_ = 0;
};

}  // namespace neoid::validate
