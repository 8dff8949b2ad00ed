// Signals that a command may want to end on in good order.
#pragma once

namespace plog::cli {

// A write to a closed pipe then fails with EPIPE instead of killing the program.
void ignore_broken_pipes() noexcept;

// From now on a crash of this process leaves no core file, with what nobody has redacted yet in it.
void leave_no_core() noexcept;

// While it lives, SIGINT, SIGTERM and SIGHUP set a flag instead of killing the program; a second one kills it. Blocking
// calls return EINTR. One at a time.
class InterruptGuard {
 public:
  InterruptGuard() noexcept;
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool interrupted() noexcept;
};

}  // namespace plog::cli
