// The one lock under which a ledger is written or checkpointed, across threads and processes: `<db>.lock`.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"

namespace plog::client {

// One thread at a time. Two locks on one file: whoever waits for the writer lock (flock) holds the queue lock (a byte
// range), so that a busy writer, which must queue too, cannot take the lock again before a waiting one.
class WriterLock {
 public:
  explicit WriterLock(std::string db_path) : path_(std::move(db_path) + ".lock") {}

  // Waits up to timeout_ms; throws Error(kBusy) then, and kIo when the file cannot be made.
  void lock(std::int64_t timeout_ms);
  void unlock() noexcept;
  // Closes the descriptor without unlocking: in a forked child it is the parent's lock.
  void abandon() noexcept { fd_.reset(); }

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace plog::client
