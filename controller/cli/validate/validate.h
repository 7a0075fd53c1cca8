// `neoid validate`: judges files by the CRDs and by the rules over all of them, and reports.
//
// Flow: list the inputs -> threads take pieces and judge them -> the rules over all resources -> one sorted report.
// Memory: a piece a thread, the findings, and what policy::Across remembers of each resource.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "controller/cli/validate/judge.h"
#include "controller/cli/validate/report.h"

namespace neoid::validate {

inline constexpr int kValid = 0;
inline constexpr int kFindings = 1;    // at least one error
inline constexpr int kUnreadable = 2;  // an input could not be read, or the call was wrong

enum class Warnings { Report, Refuse };  // Refuse: --strict, they are errors
enum class Color { Never, Always };
enum class Print { Always, Errors };  // Errors: nothing where there is none

struct ValidateOptions {
  std::vector<std::string> paths;           // files, folders, "-"
  std::vector<std::string> crds;            // more CRDs: files, folders
  std::string against;                      // an older tree; empty: none
  std::string kubernetes_version = "1.26";  // whose engine judges
  std::string default_namespace = "default";
  Format format = Format::Text;
  Warnings warnings = Warnings::Report;
  Color color = Color::Never;
  unsigned jobs = 0;  // threads; 0: as many as there are cores
  int standard_input = 0;
  std::string version;  // of neoid, for reports
  Print print = Print::Always;
  EachObject each = nullptr;  // see every resource that was judged
  policy::Scopes scopes = policy::Scopes::All;
};

// Prints the report to `out`, and what could not be read to `err`; answers the exit code.
int validate(const ValidateOptions& options, std::ostream& out, std::ostream& err);

}  // namespace neoid::validate
