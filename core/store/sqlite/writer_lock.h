// The lock file under which a ledger is written and checkpointed, across threads and processes.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/file.h"
#include "store/store.h"

namespace plog::store::sqlite {

// Any thread. The lock file carries two locks: whoever waits for the writer lock (flock) holds the queue lock (a byte
// range). A busy writer must queue too, so it cannot take the lock again before one that waits.
class WriterLock {
 public:
  explicit WriterLock(std::string path) : path_(std::move(path)) {}

  // Waits up to timeout_ms, then throws Error(kBusy), also if this object already holds the lock. Throws kIo if the
  // file cannot be created.
  void lock(std::int64_t timeout_ms);
  void unlock() noexcept;
  // Closes the descriptor without unlocking. In a forked child, the lock belongs to the parent.
  void abandon() noexcept {
    fd_.reset();
    held_ = false;
  }

 private:
  void lock_file(std::int64_t deadline);

  std::string path_;
  // flock(2) grants a lock to its holder again, so this flag comes first. Whoever set it owns `fd_`.
  std::atomic<bool> held_{false};
  Fd fd_;
};

// Locks when constructed, as WriterLock::lock, and unlocks when destroyed.
class LockLease final : public WriterLease {
 public:
  // `lock` must outlive the lease.
  LockLease(WriterLock& lock, std::int64_t timeout_ms) : lock_(lock) { lock_.lock(timeout_ms); }
  ~LockLease() override { lock_.unlock(); }

 private:
  WriterLock& lock_;
};

}  // namespace plog::store::sqlite
