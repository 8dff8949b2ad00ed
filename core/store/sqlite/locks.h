// File locks of ledgers that belong to an open file, not to the process.
//
// SQLite locks with POSIX record locks. A process loses all of those that it holds on a file as soon as it closes any
// descriptor of that file: so a second copy of SQLite in the process (a language's own module), which knows nothing of
// ours, drops our locks by closing its connection, and then takes the ledger for unused and deletes its write-ahead
// log. Open-file-description locks (Linux 3.15) don't have this fault and conflict with the others as they should. They
// are used for ledgers only: a host program may share our copy of SQLite, and its own files stay as they are.
#pragma once

#include <string>

namespace plog::store::sqlite {

// While one lives, locks on the file at `path` and on its -shm are open-file-description locks. To be made before the
// first connection and destroyed after the last. Any thread.
class LockScope {
 public:
  explicit LockScope(const std::string& path);
  ~LockScope();
  LockScope(const LockScope&) = delete;
  LockScope& operator=(const LockScope&) = delete;

 private:
  std::string path_;
};

// Held across fork(), so that the list of ledgers is whole in the child.
void lock_lock_table() noexcept;
void unlock_lock_table() noexcept;

}  // namespace plog::store::sqlite
