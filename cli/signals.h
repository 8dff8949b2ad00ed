// Signal handling: commands can finish in order after an interrupt.
#pragma once

namespace plog::cli {

// After this, a write to a closed pipe fails with EPIPE instead of killing the program.
void ignore_broken_pipes() noexcept;

// Disables core files, since a core file could contain text that is not redacted yet.
void leave_no_core() noexcept;

// While an instance exists, the first SIGINT, SIGTERM or SIGHUP sets a flag instead of killing the program; a second
// signal of the same kind kills it. Blocking calls fail with EINTR. There may be only one instance at a time.
class InterruptGuard {
 public:
  InterruptGuard() noexcept;
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool interrupted() noexcept;
};

}  // namespace plog::cli
