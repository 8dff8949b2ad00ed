// Tells the followers of a ledger in this process that events were committed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"

namespace plog::writer {

// Keeps one number and wakes followers through descriptors, so a follower that is slow, or that never looks, neither
// delays a commit nor makes anything grow. Thread-safe.
class CommitSignal {
 public:
  // The number of events that the ledger is known to have: the commit index after the newest one. 0 before the first
  // commit of this process. Smaller than before if the ledger was replaced by a new one.
  std::uint64_t size() const noexcept { return size_.load(std::memory_order_acquire); }

  // A descriptor (an eventfd) that becomes readable at each change of size(). Throws kIo.
  std::shared_ptr<const Fd> subscribe() PLOG_EXCLUDES(mutex_);

  // Called by the writer after each commit.
  void committed(std::uint64_t size) noexcept PLOG_EXCLUDES(mutex_);

 private:
  std::atomic<std::uint64_t> size_{0};
  Mutex mutex_;
  std::vector<std::weak_ptr<const Fd>> followers_ PLOG_GUARDED_BY(mutex_);
};

}  // namespace plog::writer
