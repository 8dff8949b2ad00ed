// Wall-clock time as microseconds since 1970-01-01T00:00:00Z, and its RFC 3339 text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plog {

using Micros = std::int64_t;

// The wall clock. Not monotonic: an administrator or NTP may set it back.
Micros now_micros() noexcept;

// Monotonic milliseconds, for deadlines only.
std::int64_t steady_millis() noexcept;

inline constexpr std::size_t kTimestampSize = 27;  // 2026-02-17T00:00:00.000000Z

// Writes exactly kTimestampSize characters (RFC 3339, UTC, six fraction digits), without a NUL. Times outside the years
// 0000..9999 are clamped.
void format_timestamp(Micros time, char* out) noexcept;
std::string format_timestamp(Micros time);

// Parses RFC 3339 with these extensions: 'T' may be 't' or one space; seconds, fraction and zone may be missing (no
// zone means UTC); a date alone means midnight; offsets may be "+hh:mm", "+hhmm" or "+hh"; a leap second becomes the
// last microsecond of its minute. Fractions are rounded down to microseconds. Returns nullopt for any other text, for
// dates that do not exist, and for results outside the years 0000..9999.
std::optional<Micros> parse_timestamp(std::string_view text) noexcept;

}  // namespace plog
