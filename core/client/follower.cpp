#include "client/follower.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/deadline.h"
#include "base/error.h"

namespace plog::client {
namespace {

// A watch sees a commit while it is being written, a moment before it can be read. How long that takes depends on the
// disk, so the follower looks again after 1, 2, 4 … ms.
constexpr std::int64_t kLongestSettleMillis = 1000;
// Without a watch the ledger must be asked. With one that is a precaution against notices that never arrive.
constexpr std::int64_t kPollMillis = 200;
constexpr std::int64_t kPrecautionMillis = 5000;

}  // namespace

Follower::Follower(store::Store& store, const std::shared_ptr<writer::CommitSignal>& signal, std::uint64_t next)
    : store_(store), signal_(signal ? signal->subscribe() : nullptr), watch_(store.watch()), next_(next) {}

std::optional<CommitRange> Follower::look() {
  const std::uint64_t size = store_.size();
  look_ = false;  // not if size() failed: the next wait() tries again
  if (size < next_) next_ = 0;
  if (size == next_) return std::nullopt;
  settle_ms_ = 0;
  return CommitRange{std::exchange(next_, size), size - 1};
}

std::optional<CommitRange> Follower::wait(std::int64_t timeout_ms, int other) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  while (true) {
    if (look_) {
      if (const auto range = look()) return range;
    }
    const std::int64_t now = steady_millis();
    if (now >= deadline) return std::nullopt;
    const std::int64_t pause = settle_ms_ > 0 ? settle_ms_ : watch_ ? kPrecautionMillis : kPollMillis;
    pollfd polls[3] = {{other, 0, 0}, {signal_ ? signal_->get() : -1, POLLIN, 0}, {-1, POLLIN, 0}};
    if (watch_) polls[2].fd = watch_->descriptor();
    const int ready = ::poll(polls, 3, static_cast<int>(std::min(pause, deadline - now)));
    if (ready < 0) {
      if (errno == EINTR) return std::nullopt;
      throw errno_error("cannot wait for events", errno);
    }
    if (polls[0].revents != 0) return std::nullopt;
    if (polls[1].revents != 0) {
      eventfd_t count = 0;
      (void)::eventfd_read(signal_->get(), &count);
      look_ = true;
    }
    if (polls[2].revents != 0) {
      if (watch_->clear()) {
        look_ = true;
        settle_ms_ = 1;
      }
    } else if (ready == 0) {
      look_ = settle_ms_ > 0 || now + pause <= deadline;
      settle_ms_ = settle_ms_ * 2 > kLongestSettleMillis ? 0 : settle_ms_ * 2;
    }
  }
}

}  // namespace plog::client
