// A consistent copy of a ledger that is in use.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/sqlite/read_pool.h"

namespace plog::store::sqlite {

// The running backups of one ledger. Thread-safe.
class Backups {
 public:
  explicit Backups(ReadPool& pool) : pool_(pool) {}

  // As Store::backup. If the process forks during `progress`, the parent's copy starts again and the child's call
  // throws.
  void copy(const std::string& path, const CopyProgress& progress);

  // Closes the connections of all running backups and keeps the mutex locked until release_fork(). Waits for one step,
  // a few milliseconds.
  void prepare_fork() noexcept PLOG_ACQUIRE(mutex_);
  void release_fork() noexcept PLOG_RELEASE(mutex_);

 private:
  class Run;
  void copy_into(const std::string& path, const CopyProgress& progress);

  ReadPool& pool_;
  Mutex mutex_;  // held during each step
  std::vector<Run*> runs_ PLOG_GUARDED_BY(mutex_);
};

}  // namespace plog::store::sqlite
