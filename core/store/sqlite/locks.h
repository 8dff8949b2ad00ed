// Gives ledgers file locks that belong to an open file instead of the process.
//
// SQLite uses POSIX record locks. A process loses all record locks on a file when it closes any descriptor of that
// file. A second copy of SQLite in the process (such as a language's own module) does not know of our connections: when
// it closes its own, it drops our locks, takes the ledger for unused, and deletes the write-ahead log.
// Open-file-description locks (Linux 3.15) do not have this defect, and they conflict with record locks as required.
// Only ledgers get them, because a host program may share our copy of SQLite for its own files.
#pragma once

#include <string>

#include "base/mutex.h"

namespace plog::store::sqlite {

// While one lives, SQLite's locks on the file at `path` and on its -shm are open-file-description locks. Must be
// created before the first connection to the file and destroyed after the last. Any thread.
class LockScope {
 public:
  explicit LockScope(const std::string& path);
  ~LockScope();
  LockScope(const LockScope&) = delete;
  LockScope& operator=(const LockScope&) = delete;

 private:
  std::string path_;
};

// Lock and unlock the list of ledgers. It is held across fork(), so the child inherits it in a consistent state.
void lock_lock_table() noexcept PLOG_NO_THREAD_ANALYSIS;
void unlock_lock_table() noexcept PLOG_NO_THREAD_ANALYSIS;

}  // namespace plog::store::sqlite
