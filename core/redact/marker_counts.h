// The markers that redaction leaves in text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace plog::redact {

// Finds the markers in `text` and adds `sign` to the count of each marker's name.
void count_markers(std::string_view text, std::int64_t sign, std::map<std::string, std::int64_t>& counts);

// Describes what the built-in detector or key rule of that name looks for; nullopt if there is none.
std::optional<std::string> about_builtin(std::string_view name);

}  // namespace plog::redact
