#include "store/sqlite/fork.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "store/driver.h"
#include "store/sqlite/locks.h"

namespace plog::store {
namespace sqlite {
namespace {

constexpr std::int64_t kPatienceMillis = 5000;
constexpr useconds_t kPauseMicros = 200;

}  // namespace

struct ForkList {
  static constinit inline Mutex mutex;
  static constinit inline ForkMembership* first PLOG_GUARDED_BY(mutex) = nullptr;
  static constinit inline int busy PLOG_GUARDED_BY(mutex) = 0;  // the number of NoFork objects

  // The mutex stays locked until parent() or child(), so no store and no NoFork is created or destroyed in between.
  static void prepare() PLOG_NO_THREAD_ANALYSIS {
    const std::int64_t deadline = steady_millis() + kPatienceMillis;
    for (mutex.lock(); busy > 0 && steady_millis() < deadline; mutex.lock()) {
      mutex.unlock();
      usleep(kPauseMicros);
    }
    for (ForkMembership* one = first; one != nullptr; one = one->next_) one->participant_.prepare_fork();
    lock_lock_table();
  }
  static void release(bool in_child) PLOG_NO_THREAD_ANALYSIS {
    unlock_lock_table();
    for (ForkMembership* one = first; one != nullptr; one = one->next_) one->participant_.after_fork(in_child);
    mutex.unlock();
  }
  static void parent() { release(false); }
  static void child() PLOG_NO_THREAD_ANALYSIS {
    busy = 0;
    release(true);
  }

  static void add(ForkMembership* one) {
    const MutexLock lock(mutex);
    one->next_ = first;
    if (first != nullptr) first->previous_ = one;
    first = one;
  }
  static void remove(ForkMembership* one) {
    const MutexLock lock(mutex);
    if (one->next_ != nullptr) one->next_->previous_ = one->previous_;
    (one->previous_ != nullptr ? one->previous_->next_ : first) = one->next_;
  }
};

ForkMembership::ForkMembership(ForkParticipant& participant) : participant_(participant) { ForkList::add(this); }
ForkMembership::~ForkMembership() { ForkList::remove(this); }

NoFork::NoFork() noexcept {
  const MutexLock lock(ForkList::mutex);
  ++ForkList::busy;
}

NoFork::~NoFork() {
  const MutexLock lock(ForkList::mutex);
  --ForkList::busy;
}

}  // namespace sqlite

void install_fork_handlers() {
  static constinit std::once_flag once;
  std::call_once(once, [] {
    if (const int error =
            pthread_atfork(&sqlite::ForkList::prepare, &sqlite::ForkList::parent, &sqlite::ForkList::child)) {
      throw errno_error("cannot install fork handlers", error);
    }
  });
}

}  // namespace plog::store
