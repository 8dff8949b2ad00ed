#include "writer/commit_signal.h"

#include <sys/eventfd.h>

#include <cerrno>

#include "base/error.h"

namespace plog::writer {

std::shared_ptr<const Fd> CommitSignal::subscribe() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) throw errno_error("cannot create a descriptor to follow the ledger with", errno);
  auto follower = std::make_shared<const Fd>(std::move(fd));
  const MutexLock lock(mutex_);
  std::erase_if(followers_, [](const auto& each) { return each.expired(); });
  followers_.push_back(follower);
  return follower;
}

void CommitSignal::committed(std::uint64_t size) noexcept {
  if (size_.exchange(size, std::memory_order_acq_rel) == size) return;
  const MutexLock lock(mutex_);
  for (const auto& each : followers_) {
    // A counter that is full is readable already.
    if (const auto fd = each.lock()) (void)::eventfd_write(fd->get(), 1);
  }
}

}  // namespace plog::writer
