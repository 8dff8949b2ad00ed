// The commands and options of plog as data, read from the parser, and the texts generated from them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace plog::cli {

struct OptionSyntax {
  std::string short_name;  // "-n" or ""
  std::string long_name;   // "--last"
  std::string value;       // the name of its value, such as "N"; empty: a flag
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

// Completions for a value with this name: a list of words (empty if unknown), or file names.
const std::vector<std::string>& words_for(const std::string& value);
bool is_file(const std::string& value);

// Completion scripts.
std::string bash_completion(const Syntax& syntax);
std::string fish_completion(const Syntax& syntax);
std::string zsh_completion(const Syntax& syntax);
// The manual page plog(1), in roff.
std::string manual(const Syntax& syntax);

// Generates one of them, or the table of the options of a client as JSON. `what` is one of words_for("WHAT").
std::string generate(const CLI::App& app, const std::string& what);

}  // namespace plog::cli
