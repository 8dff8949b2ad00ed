// Numbers, sizes, durations and times formatted for people.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace plog::cli {

std::string format_count(std::uint64_t value);                                       // 1,234,567
std::string format_counted(std::uint64_t value, const char* one, const char* many);  // "1 event", "2 events"
std::string format_bytes(std::uint64_t bytes);           // 512 B, 1.5 kB, 20.3 MB (powers of 1,000)
std::string format_duration(std::int64_t milliseconds);  // 7 ms, 1.25 s, 2m05s, 3h07m, 2d04h
std::string format_time(Micros time);                    // 2026-02-17 08:30:00.123, UTC
std::string format_time_short(Micros time);              // 02-17 08:30:00, UTC

}  // namespace plog::cli
