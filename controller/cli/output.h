// What commands print: tables for people, JSON for programs, one line for an error.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/base/time.h"

namespace neoid::cli {

enum class Format { Table, Json };

// 0: done; 1: it failed; 2: the call was wrong.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;

// Columns padded to their widest cell, two spaces between, no trailing spaces.
void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows);

// "1h30m", in whole seconds; "0s" for what lies ahead.
std::string age(Instant from, Instant now);

// "neoid: MESSAGE" on one line; answers kFailed.
int report(std::ostream& err, const Error& error);

}  // namespace neoid::cli
