// Deadlines on the steady clock, in milliseconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace plog {

inline constexpr std::int64_t kForever = INT64_MAX / 4;

// The time of steady_millis at which a timeout ends. A negative timeout never ends, and neither does one that would end
// after kForever.
inline std::int64_t deadline_after(std::int64_t timeout_ms) {
  const std::int64_t now = steady_millis();
  return timeout_ms < 0 || timeout_ms > kForever - now ? kForever : now + timeout_ms;
}

inline std::chrono::steady_clock::time_point time_point(std::int64_t millis) {
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(std::min(millis, kForever / 1000000)));
}

}  // namespace plog
