#include "operations/commit.h"

#include <algorithm>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/error.h"

namespace plog::operations {
namespace {

constexpr std::int64_t kSliceMillis = 100;  // between two calls of progress

}  // namespace

void wait_for_commit(client::Client& client, std::int64_t timeout_ms, const Progress& progress) {
  if (!progress) {
    client.flush(timeout_ms);
    return;
  }
  const std::int64_t deadline = deadline_after(timeout_ms);
  for (;;) {
    if (!progress(0, 1)) throw Error(Status::kCancelled, "the wait for the commit was stopped");
    const std::int64_t rest = std::max<std::int64_t>(0, deadline - steady_millis());
    try {
      client.flush(std::min(rest, kSliceMillis));
      return;
    } catch (const Error& error) {
      if (error.status() != Status::kTimeout || rest < kSliceMillis) throw;
    }
  }
}

}  // namespace plog::operations
