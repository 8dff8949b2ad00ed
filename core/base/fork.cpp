#include "base/fork.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

namespace plog {
namespace {

// Constant-initialised and never destroyed, and so usable at any point of the process's life.
ForkHooks g_hooks{};
std::atomic<std::uint64_t> g_generation{1};
std::atomic<bool> g_cloned{false};
// 1 in the process that set it. In a child the kernel replaces the page by zeros (Linux 4.14, MADV_WIPEONFORK).
std::atomic<std::uint32_t>* g_page = nullptr;
constexpr std::uint32_t kTakingOver = 2;

void on_prepare() { g_hooks.prepare(); }
void on_parent() { g_hooks.parent(); }
void on_child() {
  g_generation.fetch_add(1, std::memory_order_relaxed);
  if (g_page != nullptr) g_page->store(1, std::memory_order_release);
  g_hooks.child(false);
}

std::atomic<std::uint32_t>* make_page() {
  const long size = sysconf(_SC_PAGESIZE);
  void* page =
      mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
#ifdef MADV_WIPEONFORK
  if (madvise(page, static_cast<std::size_t>(size), MADV_WIPEONFORK) == 0) {
    auto* flag = static_cast<std::atomic<std::uint32_t>*>(page);
    flag->store(1, std::memory_order_release);
    return flag;
  }
#endif
  munmap(page, static_cast<std::size_t>(size));
  return nullptr;
}

}  // namespace

void install_fork_hooks(const ForkHooks& hooks) {
  static std::once_flag once;
  std::call_once(once, [&] {
    g_hooks = hooks;
    g_page = make_page();
    pthread_atfork(on_prepare, on_parent, on_child);
  });
}

std::uint64_t process_generation() {
  if (g_page != nullptr && g_page->load(std::memory_order_acquire) != 1) {
    std::uint32_t wiped = 0;
    if (g_page->compare_exchange_strong(wiped, kTakingOver)) {
      g_cloned.store(true);
      g_generation.fetch_add(1, std::memory_order_relaxed);
      g_hooks.child(true);
      g_page->store(1, std::memory_order_release);
    }
    while (g_page->load(std::memory_order_acquire) == kTakingOver) sched_yield();  // another thread runs the hook
  }
  return g_generation.load(std::memory_order_acquire);
}

bool cloned_without_handlers() noexcept { return g_cloned.load(std::memory_order_relaxed); }

}  // namespace plog
