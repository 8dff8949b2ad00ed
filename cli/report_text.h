// Reports of verifications, for people and as exit codes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "json/value.h"

namespace plog::cli {

// Members of a report; 0 or "" when there is none.
std::uint64_t count_of(const json::Value& report, std::string_view name);
std::string text_of(const json::Value& object, std::string_view name);

// The report that `verify` makes; where it could not even start, what `refused` makes of the error. Throws only when
// interrupted.
std::string report_of(const std::function<std::string()>& verify,
                      const std::function<std::string(const std::string& error)>& refused);

struct VerdictPrint {
  bool json = false;
  bool strict = false;               // an exit code for each valid verdict too
  std::optional<std::string> agent;  // whose chain was asked for
};
// Prints a report, given as JSON text, and returns the exit code of its verdict.
int print_verdict(Context& context, const std::string& text, const VerdictPrint& print);

}  // namespace plog::cli
