// What a fork means for clients: which process this is, and handlers around fork(2).
#pragma once

#include <cstdint>

namespace plog::client {

// Called around fork() on the forking thread; `child` in the new process, where no other thread exists.
struct ForkHooks {
  void (*prepare)();
  void (*parent)();
  // `raw`: the process was made by a bare clone(2), so `prepare` never ran: locks may be in any state.
  void (*child)(bool raw);
};

// Installs the hooks, once per process image. The store's own handlers must be installed before.
void install_fork_hooks(const ForkHooks& hooks);

// A number that differs between a process and its forked children. Cheap (one load from a page that the kernel wipes in
// children); in a child that was cloned without handlers it runs the child hook first.
std::uint64_t process_generation();

// Whether this process, or an ancestor that had clients, was cloned without fork handlers: SQLite must not be used.
bool cloned_without_handlers() noexcept;

}  // namespace plog::client
