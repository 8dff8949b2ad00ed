// Completion scripts for bash, zsh and fish.
#include "cli/syntax.h"

namespace plog::cli {
namespace {

std::string join(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::vector<std::string> command_names(const Syntax& syntax) {
  std::vector<std::string> names;
  for (const CommandSyntax& command : syntax.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> names_of(const OptionSyntax& option) {
  std::vector<std::string> names;
  if (!option.short_name.empty()) names.push_back(option.short_name);
  if (!option.long_name.empty()) names.push_back(option.long_name);
  return names;
}

std::string replace_all(std::string text, char wanted, const char* replacement) {
  const std::string with = replacement;
  for (std::size_t at = 0; (at = text.find(wanted, at)) != std::string::npos; at += with.size()) {
    text.replace(at, 1, with);
  }
  return text;
}

std::string quote(const std::string& text) { return "'" + replace_all(text, '\'', "'\\''") + "'"; }

// ---- bash

// The shell command that completes a value: sets `words`, requests file names, or does nothing.
std::string bash_reply(const std::string& value) {
  if (is_file(value)) return "compopt -o default";
  const std::string words = join(words_for(value), " ");
  return words.empty() ? ":" : "words='" + words + "'";
}

// The `case` branches that complete the values of one command's options. The name "" is the program itself.
std::string bash_values(const std::string& name, const CommandSyntax& command) {
  std::string text;
  for (const OptionSyntax& option : command.options) {
    if (option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& option_name : names_of(option)) {
      patterns.push_back(name);
      patterns.back().append(":").append(option_name);
    }
    text += "    " + join(patterns, " | ") + ") " + bash_reply(option.value) + " ;;\n";
  }
  return text;
}

std::string bash_words(const std::string& name, const CommandSyntax& command,
                       const std::vector<std::string>& commands) {
  std::vector<std::string> options;
  for (const OptionSyntax& option : command.options) {
    for (const std::string& option_name : names_of(option)) options.push_back(option_name);
  }
  const std::string other = commands.empty()
                                ? command.arguments.empty() ? ":" : bash_reply(command.arguments.front().name)
                                : "words='" + join(commands, " ") + "'";
  return "    " + name + ":-*) words='" + join(options, " ") + "' ;;\n    " + name + ":*) " + other + " ;;\n";
}

// ---- zsh

// Escapes text for use between [ and ] in a specification of _arguments.
std::string zsh_text(std::string text) {
  for (const char* special : {"\\", "[", "]", ":"})
    text = replace_all(text, *special, (std::string("\\") + special).c_str());
  return text;
}

std::string zsh_action(const std::string& value) {
  if (is_file(value)) return "_files";
  const std::string words = join(words_for(value), " ");
  return words.empty() ? " " : "(" + words + ")";
}

std::string zsh_options(const CommandSyntax& command, const char* indent) {
  std::string text;
  for (const OptionSyntax& option : command.options) {
    const std::string tail = "[" + zsh_text(option.description) + "]" +
                             (option.value.empty() ? "" : ":" + option.value + ":" + zsh_action(option.value));
    const std::vector<std::string> names = names_of(option);
    for (const std::string& name : names) {
      const bool is_long = name == option.long_name;
      const char* takes = option.value.empty() ? "" : is_long ? "=" : "+";
      std::string specification = option.repeatable ? "*" : "(" + join(names, " ") + ")";
      specification.append(name).append(takes).append(tail);
      text += indent + quote(specification) + " \\\n";
    }
  }
  return text;
}

// ---- fish

std::string fish_value(const std::string& value) {
  if (is_file(value)) return " -r -F";
  const std::string words = join(words_for(value), " ");
  return words.empty() ? " -x" : " -x -a " + quote(words);
}

std::string fish_options(const std::string& condition, const CommandSyntax& command) {
  std::string text;
  for (const OptionSyntax& option : command.options) {
    text += "complete -c plog -n " + quote(condition);
    if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
    if (!option.long_name.empty()) text += " -l " + option.long_name.substr(2);
    if (!option.value.empty()) text += fish_value(option.value);
    text += " -d " + quote(option.description) + "\n";
  }
  return text;
}

}  // namespace

std::string bash_completion(const Syntax& syntax) {
  const std::vector<std::string> commands = command_names(syntax);
  std::vector<std::string> with_value;
  for (const OptionSyntax& option : syntax.program.options) {
    if (option.value.empty()) continue;
    for (const std::string& name : names_of(option)) with_value.push_back(name);
  }
  std::string text =
      "# bash completion for plog\n"
      "_plog() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= i\n"
      "  # bash splits --option=value at the equals sign.\n"
      "  if [[ $current == = ]]; then\n"
      "    current=\n"
      "  elif [[ $previous == = ]]; then\n"
      "    previous=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n";
  text += "      " + join(with_value, " | ") + ") [[ ${COMP_WORDS[i+1]} == = ]] && ((i++)); ((i++)) ;;\n";
  text += "      " + join(commands, " | ") + ") command=${COMP_WORDS[i]}; break ;;\n";
  text +=
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case $command:$previous in\n";
  text += bash_values("", syntax.program);
  for (const CommandSyntax& command : syntax.commands) text += bash_values(command.name, command);
  text += "    *) case $command:$current in\n";
  text += bash_words("", syntax.program, commands);
  for (const CommandSyntax& command : syntax.commands) text += bash_words(command.name, command, {});
  text +=
      "    esac ;;\n"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -F _plog plog\n";
  return text;
}

std::string zsh_completion(const Syntax& syntax) {
  std::string text =
      "#compdef plog\n"
      "_plog() {\n"
      "  local curcontext=$curcontext state line\n"
      "  local -a commands\n"
      "  typeset -A opt_args\n"
      "  commands=(\n";
  for (const CommandSyntax& command : syntax.commands) {
    text += "    " + quote(command.name + ":" + zsh_text(command.description)) + "\n";
  }
  text += "  )\n  _arguments -C \\\n" + zsh_options(syntax.program, "    ");
  text +=
      "    '1:command:->command' \\\n"
      "    '*::argument:->argument'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    argument)\n"
      "      case $line[1] in\n";
  for (const CommandSyntax& command : syntax.commands) {
    text += "        " + command.name + ")\n          _arguments -s \\\n" + zsh_options(command, "            ");
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
      const ArgumentSyntax& argument = command.arguments[i];
      text += "            " + quote(std::to_string(i + 1) + ":" + argument.name + ":" + zsh_action(argument.name)) +
              " \\\n";
    }
    text += "            && return ;;\n";
  }
  text +=
      "      esac ;;\n"
      "  esac\n"
      "}\n"
      "if [[ $funcstack[1] == _plog ]]; then _plog \"$@\"; else compdef _plog plog; fi\n";
  return text;
}

std::string fish_completion(const Syntax& syntax) {
  const std::string names = join(command_names(syntax), " ");
  const std::string no_command = "not __fish_seen_subcommand_from " + names;
  std::string text = "# fish completion for plog\ncomplete -c plog -f\n";
  for (const CommandSyntax& command : syntax.commands) {
    text +=
        "complete -c plog -n " + quote(no_command) + " -a " + command.name + " -d " + quote(command.description) + "\n";
  }
  text += fish_options(no_command, syntax.program);
  for (const CommandSyntax& command : syntax.commands) {
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    text += fish_options(condition, command);
    for (const ArgumentSyntax& argument : command.arguments) {
      if (is_file(argument.name)) {
        text += "complete -c plog -n " + quote(condition) + " -F\n";
      } else if (!words_for(argument.name).empty()) {
        text += "complete -c plog -n " + quote(condition) + " -a " + quote(join(words_for(argument.name), " ")) + "\n";
      }
    }
  }
  return text;
}

}  // namespace plog::cli
