// The prefilter of the built-in patterns: one pass over the octets that looks closer only at rare ones.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace plog::redact {

// A superset of the kinds (builtin.h) that have a hit somewhere in the text. Pure; linear time.
std::uint32_t scan_kinds(std::string_view text) noexcept;

// The same over strings each followed by kSeparator: appends one offset inside each string with a kind.
void scan_strings(std::string_view strings, std::vector<std::uint32_t>& candidates);

// The same results without vector instructions, for tests.
std::uint32_t scan_kinds_portable(std::string_view text) noexcept;

}  // namespace plog::redact
