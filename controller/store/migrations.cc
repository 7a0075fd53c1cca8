#include "controller/store/migrations.h"

#include <fmt/format.h>

#include <charconv>

#include "reconcile/base/check.h"
#include "reconcile/base/crypto.h"

namespace neoid::store {

std::string_view embedded_file(std::string_view name) {
  for (const EmbeddedSql& file : embedded_sql()) {
    if (file.name == name) return file.text;
  }
  NEOID_CHECK(false);
}

std::vector<SchemaStep> schema_steps(std::string_view form) {
  const std::string ending = fmt::format(".{}.sql", form);
  std::vector<SchemaStep> steps;
  for (const EmbeddedSql& file : embedded_sql()) {
    int number = 0;
    const auto parsed = std::from_chars(file.name.data(), file.name.data() + file.name.size(), number);
    if (parsed.ec != std::errc() || !file.name.ends_with(ending)) continue;
    SchemaStep step;
    step.number = number;
    step.name = std::string(file.name);
    step.sql = file.text;
    step.checksum = hex(sha256(file.text));
    steps.push_back(std::move(step));
  }
  return steps;
}

Result<std::vector<SchemaStep>> missing_steps(std::string_view form, const AppliedSteps& applied) {
  std::vector<SchemaStep> missing;
  const std::vector<SchemaStep> known = schema_steps(form);
  const int newest = known.empty() ? 0 : known.back().number;
  if (!applied.empty() && applied.rbegin()->first > newest) {
    return fail(ErrorKind::Invalid,
                fmt::format("the store's schema has version {}, this program knows {}: use the newer program",
                            applied.rbegin()->first, newest),
                "NewerSchema");
  }
  for (const SchemaStep& step : known) {
    const auto found = applied.find(step.number);
    if (found == applied.end()) {
      missing.push_back(step);
    } else if (found->second.checksum != step.checksum) {
      return fail(
          ErrorKind::Invalid,
          fmt::format("migration {} of the store is not the one that this program knows", found->second.name),
          "ChangedMigration");
    }
  }
  return missing;
}

SchemaStatus describe_schema(std::string_view form, const AppliedSteps& applied) {
  SchemaStatus status;
  const std::vector<SchemaStep> known = schema_steps(form);
  status.wanted = known.empty() ? 0 : known.back().number;
  status.version = applied.empty() ? 0 : applied.rbegin()->first;
  if (status.version == status.wanted) {
    status.description = "up to date";
  } else if (status.version > status.wanted) {
    status.description = "made by a newer program";
  } else {
    status.description = fmt::format("{} to apply: neoid store migrate", status.wanted - status.version);
  }
  return status;
}

Result<void> refuse_missing(const std::vector<SchemaStep>& missing, int version) {
  if (missing.empty()) return {};
  return fail(
      ErrorKind::Invalid,
      fmt::format("the store's schema has version {}, version {} is needed: run `neoid store migrate`",
                  version, missing.back().number),
      "OlderSchema");
}

}  // namespace neoid::store
