// Prints verification reports for people, and maps verdicts to exit codes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "json/value.h"

namespace plog::cli {

// A member of a report as a positive number or as text; 0 or "" if it is missing or has another type.
std::uint64_t count_of(const json::Value& report, std::string_view name);
std::string text_of(const json::Value& object, std::string_view name);

// Returns the report of `verify`. If that throws, returns the report that `refused` makes of the error message. Throws
// only Error(kCancelled), after an interrupt.
std::string report_of(const std::function<std::string()>& verify,
                      const std::function<std::string(const std::string& error)>& refused);

struct VerdictPrint {
  bool json = false;
  bool strict = false;               // use a different exit code for each valid verdict
  std::optional<std::string> agent;  // the agent of --agent-id
};
// Prints a report, given as JSON text, and returns the exit code of its verdict.
int print_verdict(Context& context, const std::string& text, const VerdictPrint& print);

}  // namespace plog::cli
