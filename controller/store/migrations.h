// The numbered migrations of either form, compiled in from controller/store/migrations/.
//
// A file is NNNN_name.FORM.sql, form "sqlite" or "postgres". Its checksum is recorded when it is applied: a
// file that was released is never edited. Thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/store/identity_store.h"
#include "reconcile/base/result.h"

namespace neoid::store {

struct EmbeddedSql {
  std::string_view name;  // file name
  std::string_view text;
};
std::span<const EmbeddedSql> embedded_sql();  // sorted by name
std::string_view embedded_file(std::string_view name);

struct SchemaStep {
  int number = 0;
  std::string name;
  std::string_view sql;
  std::string checksum;  // hex SHA-256 of the text
};
std::vector<SchemaStep> schema_steps(std::string_view form);

struct AppliedStep {
  std::string name;
  std::string checksum;
};
// By number, as the table schema_migrations has it.
using AppliedSteps = std::map<int, AppliedStep>;

// Which steps are still to be applied. Invalid: "NewerSchema", or "ChangedMigration" where a checksum differs.
Result<std::vector<SchemaStep>> missing_steps(std::string_view form, const AppliedSteps& applied);
SchemaStatus describe_schema(std::string_view form, const AppliedSteps& applied);
// With Migration::Refuse: Invalid "OlderSchema" if a step is missing.
Result<void> refuse_missing(const std::vector<SchemaStep>& missing, int version);

}  // namespace neoid::store
