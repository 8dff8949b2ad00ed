// The syntax of markers.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

inline constexpr std::string_view kMarkerStart = "[REDACTED:";
inline constexpr std::size_t kMaxName = 64;
inline constexpr std::size_t kPseudonym = 6;       // hexadecimal digits of a pseudonym
inline constexpr std::size_t kMaxMarkerTail = 16;  // bytes after the name: a pseudonym or the kept characters

// Whether the text is a valid name of a rule: [A-Za-z0-9_-]{1,64}.
bool is_name(std::string_view name) noexcept;

// Whether the whole text is "[REDACTED:<name>]" with a valid name.
bool is_plain_marker(std::string_view text) noexcept;

// Whether the text may follow the name in a marker: ":3f9a2c" (a pseudonym) or ":****1111" (kept characters).
bool is_marker_tail(std::string_view text) noexcept;

}  // namespace plog::redact
