// The changes as people and programs read them. Stable: sorted, no times.
#pragma once

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "controller/cli/preview/change.h"
#include "reconcile/base/ids.h"

namespace neoid::preview {

struct Preview {
  std::string store;  // its location
  ClusterId cluster;  // empty: none yet
  std::vector<Change> changes;
  std::set<std::string> gaps;  // what could not be known
};

std::size_t count(const Preview& preview, Action action);
void write_text(std::ostream& out, const Preview& preview, bool color);
void write_json(std::ostream& out, const Preview& preview);

}  // namespace neoid::preview
