// The markers that redaction leaves in texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace plog::cli {

// Adds `sign` for each marker in a text to the count of its name.
void count_markers(std::string_view text, std::int64_t sign, std::map<std::string, std::int64_t>& counts);

// What a built-in detector, or rule for keys, of that name looks for; nullopt if there is none.
std::optional<std::string> about_builtin(std::string_view name);

}  // namespace plog::cli
