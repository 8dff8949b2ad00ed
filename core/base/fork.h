// Detects forked children, and runs handlers around fork(2).
#pragma once

#include <cstdint>

namespace plog {

// Called around fork() on the forking thread; `child` in the new process, where no other thread exists.
struct ForkHooks {
  void (*prepare)();
  void (*parent)();
  // `raw`: the process was created by a bare clone(2). `prepare` did not run, and locks may be in any state.
  void (*child)(bool raw);
};

// Installs the hooks; a second call does nothing. The store's own handlers must already be installed.
void install_fork_hooks(const ForkHooks& hooks);

// A number that differs between a process and its forked children. Cheap: one load from a page that the kernel wipes in
// children. In a child that was cloned without handlers, the first call runs the child hook. Thread-safe.
std::uint64_t process_generation();

// Whether this process, or an ancestor that had clients, was cloned without fork handlers. SQLite must not be used
// then.
bool cloned_without_handlers() noexcept;

}  // namespace plog
