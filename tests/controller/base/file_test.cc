#include "controller/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

namespace neoid {
namespace {

TEST(ReadFile, every_byte_is_there) {
  const std::string path = testing::TempDir() + "neoid-file-test";
  for (const std::string& text : {std::string(), std::string("a\0b\r\n", 5), std::string(200'000, 'x')}) {
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(read_file(path).value(), text);
  }
  std::remove(path.c_str());
}

TEST(ReadFile, a_pipe_says_no_size) {
  const std::string path = testing::TempDir() + "neoid-pipe-test";
  std::remove(path.c_str());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const std::string text(100'000, 'y');
  std::jthread writer([&] { std::ofstream(path, std::ios::binary) << text; });
  EXPECT_EQ(read_file(path).value(), text);
  std::remove(path.c_str());
}

TEST(ReadFile, the_error_names_the_file_and_the_reason) {
  const auto absent = read_file("/nowhere/at/all");
  EXPECT_EQ(absent.error().kind, ErrorKind::Invalid);
  EXPECT_EQ(absent.error().message, "/nowhere/at/all cannot be read: No such file or directory");
  EXPECT_EQ(read_file("/").error().message, "/ cannot be read: Is a directory");
}

}  // namespace
}  // namespace neoid
