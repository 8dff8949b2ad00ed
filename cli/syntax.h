// The commands and options of plog as data, read from the parser's own tables, and what is made of them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace plog::cli {

struct OptionSyntax {
  std::string short_name;  // "-n" or ""
  std::string long_name;   // "--last"
  std::string value;       // what its value is called, "N"; empty: a flag
  std::string description;
  bool repeatable = false;
};

struct ArgumentSyntax {
  std::string name;  // "FILE"
  std::string description;
  bool required = false;
};

struct CommandSyntax {
  std::string name;  // "log"; "plog" for the program itself
  std::string description;
  std::string footer;
  std::vector<OptionSyntax> options;
  std::vector<ArgumentSyntax> arguments;
};

struct Syntax {
  CommandSyntax program;
  std::vector<CommandSyntax> commands;
};

Syntax describe(const CLI::App& app);

// What can be written for a value of this name: words, or a file; neither is known of the other names.
const std::vector<std::string>& words_for(const std::string& value);
bool is_file(const std::string& value);

// Completion scripts.
std::string bash_completion(const Syntax& syntax);
std::string fish_completion(const Syntax& syntax);
std::string zsh_completion(const Syntax& syntax);
// The manual page plog(1), in roff.
std::string manual(const Syntax& syntax);

// One of the four, by its name: "bash", "fish", "zsh", "man".
std::string generate(const CLI::App& app, const std::string& what);

}  // namespace plog::cli
