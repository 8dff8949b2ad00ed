#include "operations/commit.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/error.h"
#include "spool/delivery.h"

namespace plog::operations {
namespace {

constexpr std::int64_t kSliceMillis = 100;  // between two calls of progress
constexpr std::int64_t kRetryMillis = 20;   // after a failure that did not take the whole slice

}  // namespace

void wait_for_commit(client::Client& client, std::int64_t timeout_ms, const Progress& progress) {
  if (!progress) {
    client.flush(timeout_ms);
    return;
  }
  const std::int64_t deadline = deadline_after(timeout_ms);
  std::optional<Error> failure;  // the last one that is not a timeout: it explains why the deadline passed
  for (;;) {
    if (!progress(0, 1)) throw Error(Status::kCancelled, "the wait for the commit was stopped");
    const std::int64_t rest = std::max<std::int64_t>(0, deadline - steady_millis());
    bool timeout = false;
    try {
      client.flush(std::min(rest, kSliceMillis));
      return;
    } catch (const Error& error) {
      if (spool::is_permanent(error)) throw;  // flush() retries the others until its deadline
      timeout = error.status() == Status::kTimeout;
      if (!timeout) failure = error;
      if (steady_millis() >= deadline) throw timeout && failure ? *failure : error;
    }
    if (!timeout) std::this_thread::sleep_for(std::chrono::milliseconds(kRetryMillis));
  }
}

}  // namespace plog::operations
