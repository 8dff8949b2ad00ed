#include "cli/signals.h"

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <csignal>

namespace plog::cli {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
std::atomic<bool> flag{false};

extern "C" void on_interrupt(int /*signal*/) { flag.store(true, std::memory_order_relaxed); }

}  // namespace

void ignore_broken_pipes() noexcept { std::signal(SIGPIPE, SIG_IGN); }

void leave_no_core() noexcept {
  const struct rlimit none {};
  ::setrlimit(RLIMIT_CORE, &none);
}

InterruptGuard::InterruptGuard() noexcept {
  flag = false;
  for (const int signal : kSignals) {
    struct sigaction previous {};
    ::sigaction(signal, nullptr, &previous);
    // Leaves a signal ignored if the parent process had it ignored (nohup).
    if (previous.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESETHAND;
    ::sigaction(signal, &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (const int signal : kSignals) {
    struct sigaction current {};
    ::sigaction(signal, nullptr, &current);
    if (current.sa_handler == on_interrupt) std::signal(signal, SIG_DFL);
  }
}

bool InterruptGuard::interrupted() noexcept { return flag.load(std::memory_order_relaxed); }

}  // namespace plog::cli
