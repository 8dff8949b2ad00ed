#include "cli/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "cli/terminal.h"

namespace plog::cli {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

void write_stdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      throw BrokenPipe{};
    } else if (errno == EAGAIN) {
      // Another program that shares standard output made it non-blocking.
      pollfd poll_fd{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&poll_fd, 1, -1);
    } else if (errno != EINTR) {
      throw errno_error("cannot write to standard output", errno);
    }
  }
}

}  // namespace

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferSize) flush();
}

void Output::line(std::string_view text) {
  buffer_ += text;
  write("\n");
}

void Output::flush() {
  // Empties the buffer first, so that nothing is written twice after a failure.
  std::string pending;
  pending.swap(buffer_);
  write_stdout(pending);
  pending.clear();
  buffer_.swap(pending);
}

void Output::check_reader() {
  pollfd poll_fd{STDOUT_FILENO, 0, 0};
  if (::poll(&poll_fd, 1, 0) <= 0) return;
  if ((poll_fd.revents & POLLERR) != 0) throw BrokenPipe{};
  // POLLHUP (the terminal is gone) and POLLNVAL (standard output is closed) do not clear, so stop here too.
  if (poll_fd.revents != 0) throw BrokenPipe{};
}

void secure_standard_streams() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // open() returns the lowest free descriptor, which is this one. Standard output is opened for reading only, so that
    // writing to it fails.
    const int opened = ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != fd) ::close(opened);
  }
}

void write_stderr(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void complain(std::string_view message) noexcept {
  try {
    write_stderr("plog: " + escape(message) + "\n");
  } catch (...) {
    write_stderr("plog: out of memory\n");
  }
}

}  // namespace plog::cli
