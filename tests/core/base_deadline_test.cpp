#include "base/deadline.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace plog {
namespace {

TEST(DeadlineAfter, IsTheTimeoutFromNow) {
  for (const std::int64_t timeout : {std::int64_t{0}, std::int64_t{1}, std::int64_t{86400000}}) {
    const std::int64_t before = steady_millis();
    const std::int64_t deadline = deadline_after(timeout);
    EXPECT_GE(deadline, before + timeout);
    EXPECT_LE(deadline, steady_millis() + timeout);
  }
}

TEST(DeadlineAfter, NeverComesForANegativeOrHugeTimeout) {
  for (const std::int64_t timeout : {std::int64_t{-1}, INT64_MIN, INT64_MAX, INT64_MAX - 1, kForever, kForever + 1}) {
    EXPECT_EQ(deadline_after(timeout), kForever) << timeout;
  }
  EXPECT_LT(deadline_after(kForever / 2), kForever);
}

TEST(TimePoint, OfADeadlineThatNeverComesCanBeWaitedFor) {
  const auto now = std::chrono::steady_clock::now();
  EXPECT_GT(time_point(deadline_after(INT64_MAX)), now + std::chrono::hours(24 * 365));
  EXPECT_GT(time_point(kForever), now);
}

}  // namespace
}  // namespace plog
