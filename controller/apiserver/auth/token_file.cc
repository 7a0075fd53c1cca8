// The static token file: CSV as in RFC 4180, with # for comments.
#include <fmt/format.h>

#include "controller/apiserver/auth/authenticator.h"

namespace neoid::auth {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// The fields of one line; nullopt: a quote that is not closed, or stands where none may.
std::optional<std::vector<std::string>> split_line(std::string_view line) {
  std::vector<std::string> fields(1);
  std::size_t i = 0;
  while (i < line.size()) {
    if (line[i] == ',') {
      fields.emplace_back();
      ++i;
      continue;
    }
    if (line[i] != '"') {
      fields.back() += line[i++];
      continue;
    }
    if (!trim(fields.back()).empty()) return std::nullopt;
    fields.back().clear();
    for (++i;; ++i) {
      if (i >= line.size()) return std::nullopt;
      if (line[i] != '"') {
        fields.back() += line[i];
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += line[++i];
      } else {
        break;
      }
    }
    ++i;
    if (i < line.size() && line[i] != ',') return std::nullopt;
  }
  return fields;
}

std::vector<std::string> split_groups(std::string_view text) {
  std::vector<std::string> groups;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view group = trim(text.substr(0, comma));
    if (!group.empty()) groups.emplace_back(group);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return groups;
}

}  // namespace

Result<std::vector<TokenEntry>> parse_token_file(std::string_view text) {
  std::vector<TokenEntry> entries;
  int number = 0;
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Invalid, fmt::format("line {} of the token file: {}", number, why));
  };
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    auto fields = split_line(line);
    if (!fields) return bad("a quote that is not closed or out of place");
    if (fields->size() < 3) return bad("needs at least token, user name and uid");
    std::string& token = (*fields)[0];
    if (token.empty()) return bad("the token is empty");
    if ((*fields)[1].empty()) return bad("the user name is empty");
    TokenEntry entry;
    entry.token = Secret(std::move(token));
    entry.user.name = std::string(trim((*fields)[1]));
    entry.user.uid = std::string(trim((*fields)[2]));
    if (fields->size() > 3) entry.user.groups = split_groups((*fields)[3]);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace neoid::auth
