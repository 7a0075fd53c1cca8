// NameArena: many short texts in few allocations. A text is one number, and lives as long as the arena.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace neoid::policy {

class NameArena {
 public:
  static constexpr std::size_t kMaxBytes = 0xFFFF;  // of one text; what is longer is cut

  std::uint32_t add(std::string_view text) {
    text = text.substr(0, kMaxBytes);
    const std::size_t need = text.size() + 2;
    if (blocks_.empty() || used_ + need > kBlock) {
      blocks_.push_back(std::make_unique<char[]>(kBlock));
      used_ = 0;
    }
    char* at = blocks_.back().get() + used_;
    const auto size = static_cast<std::uint16_t>(text.size());
    std::memcpy(at, &size, sizeof(size));
    if (!text.empty()) std::memcpy(at + sizeof(size), text.data(), text.size());
    const std::size_t place = (blocks_.size() - 1) * kBlock + used_;
    used_ += need;
    return static_cast<std::uint32_t>(place);
  }

  std::string_view text(std::uint32_t place) const {
    const char* at = blocks_[place / kBlock].get() + place % kBlock;
    std::uint16_t size = 0;
    std::memcpy(&size, at, sizeof(size));
    return {at + sizeof(size), size};
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{96} << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = 0;  // of the last block
};

}  // namespace neoid::policy
