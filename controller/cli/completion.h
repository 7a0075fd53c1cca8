// Shell completion, rendered from the tree of subcommands and flags. Pure.
//
// Words come from the tree alone: no program runs while the user presses Tab.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace neoid::cli {

struct CommandFlag {
  std::string name;  // "--timeout", "-o"
  std::string help;  // one line
  bool takes_value = false;
  std::vector<std::string> values;  // those that it may have, where they are few
};

struct CommandTree {
  std::string name;
  std::string help;
  std::vector<CommandFlag> flags;
  std::vector<CommandTree> commands;
};

enum class Shell { Bash, Zsh, Fish };
std::optional<Shell> parse_shell(std::string_view text);

// A script that the shell sources.
std::string completion_script(Shell shell, const CommandTree& tree);

}  // namespace neoid::cli
