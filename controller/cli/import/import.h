// `neoid import`: files of other projects in, integration users as YAML out, and a note for everything that is not
// carried over.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "controller/cli/import/foreign.h"

namespace neoid::import {

struct ImportOptions {
  std::vector<std::string> paths;  // files, folders, "-"
  Wishes wishes;
  bool with_scopes = false;  // also a Scope for each scope that is asked for, to be filled in
};

// Documents to `out`, notes to `err`, one a line: "FILE: ORIGIN: SENTENCE". Exit code 0: everything of the known kinds
// was imported; 1: some could not be (they are told), or a file could not be read, or nothing was found.
int import_files(const ImportOptions& options, std::ostream& out, std::ostream& err);

}  // namespace neoid::import
