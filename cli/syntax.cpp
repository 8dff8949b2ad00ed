#include "cli/syntax.h"

#include <map>

#include "client/options.h"
#include "operations/operations.h"

namespace plog::cli {
namespace {

CommandSyntax describe_command(const CLI::App& app) {
  CommandSyntax command;
  command.name = app.get_name();
  command.description = app.get_description();
  command.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      command.arguments.push_back({option->get_name(), option->get_description(), option->get_required()});
      continue;
    }
    OptionSyntax syntax;
    if (!option->get_snames().empty()) syntax.short_name = "-" + option->get_snames().front();
    if (!option->get_lnames().empty()) syntax.long_name = "--" + option->get_lnames().front();
    const bool takes_value = option->get_items_expected_max() > 0;
    if (takes_value) syntax.value = option->get_type_name();
    syntax.repeatable = takes_value && option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    syntax.description = option->get_description();
    command.options.push_back(syntax);
  }
  return command;
}

}  // namespace

Syntax describe(const CLI::App& app) {
  Syntax syntax;
  syntax.program = describe_command(app);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    syntax.commands.push_back(describe_command(*command));
  }
  return syntax;
}

const std::vector<std::string>& words_for(const std::string& value) {
  static const std::vector<std::string> kNone;
  static const std::map<std::string, std::vector<std::string>> kWords = {
      {"LEVEL", {"chain", "tree", "full"}},
      {"STATUS", {"success", "error", "timeout"}},
      {"TYPE", {"TOOL_CALL", "TOOL_RESULT", "LLM_CALL", "LLM_RESPONSE", "CUSTOM"}},
      {"WHAT", {"bash", "fish", "zsh", "man", "operations", "options"}},
      {"WHEN", {"auto", "always", "never"}},
  };
  const auto found = kWords.find(value);
  return found == kWords.end() ? kNone : found->second;
}

bool is_file(const std::string& value) { return value == "FILE" || value == "PATH"; }

std::string generate(const CLI::App& app, const std::string& what) {
  if (what == "operations") return operations::operations_json();
  if (what == "options") return client::options_json();
  const Syntax syntax = describe(app);
  if (what == "bash") return bash_completion(syntax);
  if (what == "fish") return fish_completion(syntax);
  if (what == "zsh") return zsh_completion(syntax);
  return manual(syntax);
}

}  // namespace plog::cli
