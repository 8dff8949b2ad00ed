// Deadlines and thresholds that the parts of the recorder share.
#pragma once

#include <cstdint>

#include "base/deadline.h"

namespace plog::client {

// Limit of one wait for the writer lock, so that a fork is not delayed.
inline constexpr std::int64_t kAttemptMillis = 250;
// The time between two rounds of maintenance, and between two looks for orphaned journals.
inline constexpr std::int64_t kMaintainMillis = 1000;

}  // namespace plog::client
