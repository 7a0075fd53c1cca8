// Files that are read as a whole: certificates, tokens, keys, manifests.
#pragma once

#include <string>

#include "reconcile/base/result.h"

namespace neoid {

// The bytes of a file, "-" is no special name. Nothing else keeps a copy: whoever reads a secret cleanses the text.
// Errors: Invalid, with the path and the system's reason ("No such file or directory").
Result<std::string> read_file(const std::string& path);

}  // namespace neoid
