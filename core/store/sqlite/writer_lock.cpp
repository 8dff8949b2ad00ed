#include "store/sqlite/writer_lock.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/error.h"

namespace plog::store::sqlite {
namespace {

bool set_queue_lock(int fd, short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = 0;
  range.l_len = 1;
  return ::fcntl(fd, F_OFD_SETLK, &range) == 0;
}

// Polls, because neither kind of lock has a call that waits with a deadline.
template <typename Try>
bool poll_until(std::int64_t deadline, Try&& attempt) {
  auto pause = std::chrono::microseconds(50);
  while (!attempt()) {
    if (steady_millis() >= deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(1000));
  }
  return true;
}

}  // namespace

void WriterLock::lock(std::int64_t timeout_ms) {
  const std::int64_t deadline = steady_millis() + timeout_ms;
  if (!poll_until(deadline, [&] { return !held_.exchange(true); })) {
    throw Error(Status::kBusy, "another thread holds the ledger's lock " + path_);
  }
  try {
    lock_file(deadline);
  } catch (...) {
    held_ = false;
    throw;
  }
}

void WriterLock::lock_file(std::int64_t deadline) {
  // A lock on a deleted or replaced file would exclude nobody.
  if (fd_ && !same_file(fd_.get(), path_)) fd_.reset();
  if (!fd_) fd_ = open_file(path_, O_RDWR | O_CREAT, 0600);
  const auto busy = [&] { return Error(Status::kBusy, "another process holds the ledger's lock " + path_); };
  if (!poll_until(deadline, [&] { return set_queue_lock(fd_.get(), F_WRLCK); })) throw busy();
  bool locked = false;
  try {
    locked = poll_until(deadline, [&] { return try_lock(fd_.get()); });
  } catch (...) {
    set_queue_lock(fd_.get(), F_UNLCK);
    throw;
  }
  set_queue_lock(fd_.get(), F_UNLCK);
  if (!locked) throw busy();
  if (!same_file(fd_.get(), path_)) {
    fd_.reset();
    throw Error(Status::kBusy, "the lock file " + path_ + " was replaced while this process waited for it");
  }
}

void WriterLock::unlock() noexcept {
  if (fd_) plog::unlock(fd_.get());
  held_ = false;
}

}  // namespace plog::store::sqlite
