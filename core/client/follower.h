// Follows a ledger: says which events were committed since it was last asked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/file.h"
#include "store/store.h"
#include "store/watch.h"
#include "writer/commit_signal.h"

namespace plog::client {

// Commit indexes, both included.
struct CommitRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// The ranges are adjacent: together they have each commit index once, whichever process committed it. If the ledger was
// replaced by a new, shorter one, they begin again at 0: a range whose first index is less than the one after the last
// range tells that. One thread at a time; a forked child must not use it.
class Follower {
 public:
  // Follows from the commit index `next` on. `signal`: of this process's writer for the ledger, null if it has none.
  // `store` must outlive the follower. Throws kIo if the system has no descriptor left.
  Follower(store::Store& store, const std::shared_ptr<writer::CommitSignal>& signal, std::uint64_t next);

  // Waits for new events and returns their range. Returns nullopt if none arrives before the timeout (negative: no
  // timeout), if a signal handler ran, or if the descriptor `other` has an error or its reader closed it. Throws what
  // reading the ledger throws: kNotFound if the ledger was deleted, or is being replaced at this moment. The next call
  // reads it again.
  std::optional<CommitRange> wait(std::int64_t timeout_ms, int other = -1);

  // The commit index that the next range begins with.
  std::uint64_t next() const noexcept { return next_; }

 private:
  std::optional<CommitRange> look();

  store::Store& store_;
  std::shared_ptr<const Fd> signal_;
  std::unique_ptr<store::Watch> watch_;
  std::uint64_t next_;
  bool look_ = true;            // the ledger may have changed since it was last read
  std::int64_t settle_ms_ = 0;  // until the next look after a change that could not be read yet; 0 for none
};

}  // namespace plog::client
