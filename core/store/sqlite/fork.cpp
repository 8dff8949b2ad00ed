#include "store/sqlite/fork.h"

#include <pthread.h>

#include <mutex>

#include "base/error.h"
#include "store/sqlite/locks.h"
#include "store/store.h"

namespace plog::store {
namespace sqlite {

struct ForkList {
  static constinit inline std::mutex mutex;
  static constinit inline ForkMembership* first = nullptr;

  // The mutex stays locked from prepare to parent or child: no store comes or goes meanwhile.
  static void prepare() {
    mutex.lock();
    for (ForkMembership* one = first; one != nullptr; one = one->next_) one->participant_.prepare_fork();
    lock_lock_table();
  }
  static void release(bool in_child) {
    unlock_lock_table();
    for (ForkMembership* one = first; one != nullptr; one = one->next_) one->participant_.after_fork(in_child);
    mutex.unlock();
  }
  static void parent() { release(false); }
  static void child() { release(true); }

  static void add(ForkMembership* one) {
    const std::lock_guard lock(mutex);
    one->next_ = first;
    if (first != nullptr) first->previous_ = one;
    first = one;
  }
  static void remove(ForkMembership* one) {
    const std::lock_guard lock(mutex);
    if (one->next_ != nullptr) one->next_->previous_ = one->previous_;
    (one->previous_ != nullptr ? one->previous_->next_ : first) = one->next_;
  }
};

ForkMembership::ForkMembership(ForkParticipant& participant) : participant_(participant) { ForkList::add(this); }
ForkMembership::~ForkMembership() { ForkList::remove(this); }

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
