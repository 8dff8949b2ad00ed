// The form of markers.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

inline constexpr std::string_view kMarkerStart = "[REDACTED:";
inline constexpr std::size_t kMaxName = 64;
inline constexpr std::size_t kPseudonym = 6;       // hexadecimal digits
inline constexpr std::size_t kMaxMarkerTail = 16;  // of a pseudonym, or of what is kept

// Whether it names a rule: [A-Za-z0-9_-]{1,64}.
bool is_name(std::string_view name) noexcept;

// "[REDACTED:<name>]" and nothing else.
bool is_plain_marker(std::string_view text) noexcept;

// Whether it may follow the name in a marker: ":3f9a2c", ":****1111".
bool is_marker_tail(std::string_view text) noexcept;

}  // namespace plog::redact
