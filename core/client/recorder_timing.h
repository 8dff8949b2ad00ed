// Deadlines and thresholds that the parts of the recorder share.
#pragma once

#include <cstdint>

#include "base/deadline.h"

namespace plog::client {

inline constexpr std::int64_t kAttemptMillis =
    250;  // limit of one wait for the writer lock, so that a fork is not delayed

}  // namespace plog::client
