#include "controller/cli/output.h"

#include <algorithm>

namespace neoid::cli {

void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(header.size(), 0);
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  };
  widen(header);
  for (const auto& row : rows) widen(row);
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  print(header);
  for (const auto& row : rows) print(row);
}

std::string age(Instant from, Instant now) {
  return format_duration(std::chrono::floor<std::chrono::seconds>(std::max(now - from, Duration(0))));
}

int report(std::ostream& err, const Error& error) {
  std::string text = error.describe();
  std::replace(text.begin(), text.end(), '\n', ' ');
  err << "neoid: " << text << '\n';
  return kFailed;
}

}  // namespace neoid::cli
