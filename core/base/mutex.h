// A mutex, its lock and a condition variable with clang's thread-safety annotations, which `make lint` checks: a member
// that is PLOG_GUARDED_BY a mutex cannot be used without holding it.
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define PLOG_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define PLOG_THREAD_ANNOTATION(x)
#endif

// On a member: it is used only while `x` is held.
#define PLOG_GUARDED_BY(x) PLOG_THREAD_ANNOTATION(guarded_by(x))
// On a function: the caller holds the mutexes, which are held on return too, even if the function releases them
// meanwhile.
#define PLOG_REQUIRES(...) PLOG_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
// On a function: the caller does not hold the mutexes.
#define PLOG_EXCLUDES(...) PLOG_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define PLOG_ACQUIRE(...) PLOG_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define PLOG_TRY_ACQUIRE(...) PLOG_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define PLOG_RELEASE(...) PLOG_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
// On a function that the analysis cannot follow. A comment says why.
#define PLOG_NO_THREAD_ANALYSIS PLOG_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace plog {

class PLOG_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() PLOG_ACQUIRE() { mutex_.lock(); }
  bool try_lock() PLOG_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void unlock() PLOG_RELEASE() { mutex_.unlock(); }
  // As lock(), but spins before it blocks: for a mutex that is held for less time than going to sleep and waking up
  // takes.
  void lock_soon() PLOG_ACQUIRE() {
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i) {
      if (mutex_.try_lock()) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    mutex_.lock();
  }

 private:
  friend class Condition;
  std::mutex mutex_;
};

struct AdoptLock {};
inline constexpr AdoptLock kAdopt;  // the caller holds the mutex already

// Holds a mutex while it lives, except between unlock() and lock().
class PLOG_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PLOG_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  MutexLock(Mutex& mutex, AdoptLock) PLOG_REQUIRES(mutex) : mutex_(mutex) {}
  ~MutexLock() PLOG_RELEASE() {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() PLOG_RELEASE() {
    mutex_.unlock();
    held_ = false;
  }
  void lock() PLOG_ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// A condition variable. The caller of a wait holds the mutex, which is released during the wait. A wait may also return
// without a notification.
class Condition {
 public:
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

  void wait(Mutex& mutex) PLOG_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  void wait_until(Mutex& mutex, std::chrono::steady_clock::time_point time) PLOG_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_until(lock, time);
    lock.release();
  }

 private:
  std::condition_variable condition_;
};

}  // namespace plog
