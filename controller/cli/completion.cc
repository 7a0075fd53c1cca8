#include "controller/cli/completion.h"

#include <fmt/format.h>

namespace neoid::cli {
namespace {

// Every command with its path: "neoid", "neoid store", "neoid store migrate".
struct Node {
  std::string path;
  const CommandTree* command;
};

void flatten(const CommandTree& command, const std::string& path, std::vector<Node>& nodes) {
  nodes.push_back({path, &command});
  for (const CommandTree& child : command.commands) flatten(child, path + " " + child.name, nodes);
}

std::vector<Node> nodes_of(const CommandTree& tree) {
  std::vector<Node> nodes;
  flatten(tree, tree.name, nodes);
  return nodes;
}

// In single quotes of any shell.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string words_of(const CommandTree& command) {
  std::string words;
  for (const CommandTree& child : command.commands) words += child.name + " ";
  for (const CommandFlag& flag : command.flags) words += flag.name + " ";
  if (!words.empty()) words.pop_back();
  return words;
}

// The lines of a case over command paths that finds the path of what was typed.
std::string bash(const CommandTree& tree) {
  std::string script = fmt::format(
      "# bash completion of {0}: source <({0} completion bash)\n"
      "_{0}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} path={0} word i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${{COMP_WORDS[i]}}\n"
      "    case \"$path $word\" in\n",
      tree.name);
  const std::vector<Node> nodes = nodes_of(tree);
  for (const Node& node : nodes)
    if (node.path != tree.name)
      script += fmt::format("      {}) path={} ;;\n", in_quotes(node.path), in_quotes(node.path));
  script += "    esac\n  done\n  case \"$path $previous\" in\n";
  for (const Node& node : nodes) {
    for (const CommandFlag& flag : node.command->flags) {
      if (!flag.takes_value) continue;
      std::string values;
      for (const std::string& value : flag.values) values += (values.empty() ? "" : " ") + value;
      script += fmt::format("    {})\n      ", in_quotes(node.path + " " + flag.name));
      script += flag.values.empty() ? "mapfile -t COMPREPLY < <(compgen -f -- \"$current\")"
                                    : fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$current\")",
                                                  in_quotes(values));
      script += "\n      return ;;\n";
    }
  }
  script += "  esac\n  local words=\n  case \"$path\" in\n";
  for (const Node& node : nodes)
    script += fmt::format("    {}) words={} ;;\n", in_quotes(node.path), in_quotes(words_of(*node.command)));
  script += "  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n";
  return script + fmt::format("complete -o default -F _{0} {0} kubectl-{0}\n", tree.name);
}

std::string zsh(const CommandTree& tree) {
  // zsh can run bash's completion; the words with their help are its own.
  std::string script = fmt::format(
      "#compdef {0} kubectl-{0}\n"
      "# zsh completion of {0}: source <({0} completion zsh)\n"
      "_{0}() {{\n"
      "  local at={0} word\n"
      "  local -a choices\n"
      "  for word in \"${{(@)words[2,CURRENT-1]}}\"; do\n"
      "    case \"$at $word\" in\n",
      tree.name);
  const std::vector<Node> nodes = nodes_of(tree);
  const auto choice = [](const std::string& name, const std::string& help) {
    std::string escaped;
    for (const char c : name) escaped += c == ':' ? "\\:" : std::string(1, c);
    return in_quotes(escaped + ":" + help) + " ";
  };
  for (const Node& node : nodes)
    if (node.path != tree.name)
      script += fmt::format("      {}) at={} ;;\n", in_quotes(node.path), in_quotes(node.path));
  script += "    esac\n  done\n  case \"$at ${words[CURRENT-1]}\" in\n";
  for (const Node& node : nodes) {
    for (const CommandFlag& flag : node.command->flags) {
      if (!flag.takes_value) continue;
      script += fmt::format("    {}) ", in_quotes(node.path + " " + flag.name));
      if (flag.values.empty()) {
        script += "_files; return ;;\n";
      } else {
        script += "compadd --";
        for (const std::string& value : flag.values) script += " " + in_quotes(value);
        script += "; return ;;\n";
      }
    }
  }
  script += "  esac\n  case \"$at\" in\n";
  for (const Node& node : nodes) {
    script += fmt::format("    {}) choices=(", in_quotes(node.path));
    for (const CommandTree& child : node.command->commands) script += choice(child.name, child.help);
    for (const CommandFlag& flag : node.command->flags) script += choice(flag.name, flag.help);
    script += ") ;;\n";
  }
  return script +
         fmt::format("  esac\n  _describe -- {0} choices\n}}\ncompdef _{0} {0} kubectl-{0}\n", tree.name);
}

std::string fish(const CommandTree& tree) {
  std::string script = fmt::format(
      "# fish completion of {0}: {0} completion fish | source\n"
      "function __{0}_at\n"
      "    set -l path {0}\n"
      "    for word in (commandline -opc)[2..-1]\n"
      "        switch \"$path $word\"\n",
      tree.name);
  const std::vector<Node> nodes = nodes_of(tree);
  for (const Node& node : nodes)
    if (node.path != tree.name)
      script += fmt::format("            case {}\n                set path {}\n", in_quotes(node.path),
                            in_quotes(node.path));
  script += "        end\n    end\n    test \"$path\" = \"$argv[1]\"\nend\n";
  for (const Node& node : nodes) {
    const std::string at = in_quotes(fmt::format("__{}_at \"{}\"", tree.name, node.path));
    for (const CommandTree& child : node.command->commands)
      script += fmt::format("complete -c {} -n {} -f -a {} -d {}\n", tree.name, at, child.name,
                            in_quotes(child.help));
    for (const CommandFlag& flag : node.command->flags) {
      const bool is_long = flag.name.starts_with("--");
      script += fmt::format("complete -c {} -n {} {} {} -d {}", tree.name, at, is_long ? "-l" : "-s",
                            flag.name.substr(is_long ? 2 : 1), in_quotes(flag.help));
      if (flag.takes_value) script += " -r";
      if (!flag.values.empty()) {
        std::string values;
        for (const std::string& value : flag.values) values += (values.empty() ? "" : " ") + value;
        script += " -f -a " + in_quotes(values);
      }
      script += '\n';
    }
  }
  return script;
}

}  // namespace

std::optional<Shell> parse_shell(std::string_view text) {
  if (text == "bash") return Shell::Bash;
  if (text == "zsh") return Shell::Zsh;
  if (text == "fish") return Shell::Fish;
  return std::nullopt;
}

std::string completion_script(Shell shell, const CommandTree& tree) {
  switch (shell) {
    case Shell::Bash: return bash(tree);
    case Shell::Zsh: return zsh(tree);
    case Shell::Fish: return fish(tree);
  }
  return {};
}

}  // namespace neoid::cli
