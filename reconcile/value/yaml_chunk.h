// A document's text, made ready for the scanner: copied, ended with NULs, its characters checked once.
// Internal to this folder.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/value/yaml_scanner.h"

namespace neoid::yaml {

class Chunk {
 public:
  enum class EndWithNewline { No, Yes };
  // `text` must be UTF-8.
  Chunk(std::string_view text, EndWithNewline newline);
  const Text& text() const { return text_; }

 private:
  void cut_at_control(std::string_view text);

  std::string bytes_;
  Text text_;
};

}  // namespace neoid::yaml
