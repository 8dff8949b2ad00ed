// Generates the manual page plog(1).
#include <provenlog/plog.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "cli/syntax.h"

namespace plog::cli {
namespace {

// Escapes text for roff: hyphens, backslashes and quotes appear as typed, and no line is taken for a request.
std::string roff(const std::string& text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '~') {
      out += "\\(ti";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }
std::string verbatim(const std::string& text) { return ".EX\n" + roff(text) + "\n.EE\n"; }

// The arguments and options of a command, without the options in `common`.
std::string options_of(const CommandSyntax& command, const std::vector<OptionSyntax>& common = {}) {
  std::string text;
  for (const ArgumentSyntax& argument : command.arguments) {
    text += ".TP\n" + italic(argument.name) + "\n" + roff(argument.description) + "\n";
  }
  for (const OptionSyntax& option : command.options) {
    const auto is_it = [&option](const OptionSyntax& other) { return other.long_name == option.long_name; };
    if (std::any_of(common.begin(), common.end(), is_it)) continue;
    text += ".TP\n";
    if (!option.short_name.empty()) text += bold(option.short_name) + ", ";
    text += bold(option.long_name);
    if (!option.value.empty()) text += " " + italic(option.value);
    text += "\n" + roff(option.description) + "\n";
  }
  return text;
}

// A part of a footer: a line "Title:" followed by verbatim lines, or a paragraph without a title.
struct Part {
  std::string title;
  std::string text;
};

std::vector<Part> parts_of(const std::string& footer) {
  std::vector<Part> parts;
  std::istringstream lines(footer);
  bool between = true;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      between = true;
    } else if (between) {
      between = false;
      if (line.back() == ':') {
        parts.push_back({line.substr(0, line.size() - 1), ""});
      } else {
        parts.push_back({"", line});
      }
    } else {
      std::string& text = parts.back().text;
      text += (text.empty() ? "" : "\n") + line;
    }
  }
  return parts;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string synopsis(const CommandSyntax& command) {
  std::string text = bold("plog " + command.name) + " [" + italic("OPTIONS") + "]";
  for (const ArgumentSyntax& argument : command.arguments) {
    text += argument.required ? " " + italic(argument.name) : " [" + italic(argument.name) + "]";
  }
  return text;
}

std::string command_section(const CommandSyntax& command, const CommandSyntax& program) {
  std::string text =
      ".SS " + roff(command.name) + "\n" + synopsis(command) + "\n.PP\n" + roff(command.description) + ".\n";
  text += options_of(command, program.options);
  for (const Part& part : parts_of(command.footer)) {
    text += ".PP\n";
    text += part.title.empty() ? roff(part.text) + "\n" : roff(part.title) + ":\n.PP\n" + verbatim(part.text);
  }
  return text;
}

}  // namespace

std::string manual(const Syntax& syntax) {
  std::string text = std::string(".TH PLOG 1 \"\" \"provenlog ") + plog_version() + "\" \"User Commands\"\n";
  text += ".SH NAME\nplog \\- read, verify and write a provenlog ledger\n.SH SYNOPSIS\n";
  text += bold("plog") + " [" + italic("OPTIONS") + "] " + italic("COMMAND") + " [" + italic("OPTIONS") + "]\n";
  text += ".SH DESCRIPTION\n" + roff(syntax.program.description) + "\n";
  text += ".SH OPTIONS\nThese may be given before or after the command. The one after the command wins.\n" +
          options_of(syntax.program);
  text += ".SH COMMANDS\n";
  for (const CommandSyntax& command : syntax.commands) text += command_section(command, syntax.program);
  for (const Part& part : parts_of(syntax.program.footer)) {
    text += ".SH " + upper(part.title == "Exit codes" ? "Exit status" : part.title) + "\n" + verbatim(part.text);
  }
  text += ".SH FILES\n";
  text += ".TP\n" + italic("~/.provenlog/events.db") + "\nThe default ledger.\n";
  text += ".TP\n" + italic("~/.provenlog/config.yaml") + "\nThe default configuration file.\n";
  text += ".TP\n" + italic("./provenlog.yaml") +
          "\nAn additional configuration file, which can only add redaction rules, labels and metadata.\n";
  text += ".SH SEE ALSO\n.BR libprovenlog (3)\n";
  return text;
}

}  // namespace plog::cli
