// The files of crd/, compiled in: the program reads none of them at run time.
#pragma once

#include <span>
#include <string_view>

namespace neoid::api {

struct EmbeddedFile {
  std::string_view name;  // "integrationusers.yaml"
  std::string_view text;
};

// Sorted by name.
std::span<const EmbeddedFile> embedded_crd();

}  // namespace neoid::api
