#include "cli/lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"
#include "cli/signals.h"

namespace plog::cli {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;

}  // namespace

Fd open_input(const std::string& path) {
  if (path.empty() || path == "-") {
    const int fd = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) throw errno_error("cannot read standard input", errno);
    return Fd(fd);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) throw Error(Status::kNotFound, "no such file: " + path);
  if (S_ISDIR(status.st_mode)) throw Error(Status::kIo, path + " is a directory, not a file");
  return open_file(path, O_RDONLY);
}

LineReader::LineReader(int fd) : fd_(fd), buffer_(new char[2 * kChunk]), capacity_(2 * kChunk) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    const off_t position = ::lseek(fd, 0, SEEK_CUR);
    if (position >= 0 && position < status.st_size) total_ = static_cast<std::uint64_t>(status.st_size - position);
  }
}

LineReader::~LineReader() = default;

bool LineReader::fill() {
  if (capacity_ - end_ < kChunk) {
    if (begin_ > 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    }
    end_ -= begin_;
    begin_ = 0;
    if (capacity_ - end_ < kChunk) {
      std::unique_ptr<char[]> larger(new char[2 * capacity_]);
      std::memcpy(larger.get(), buffer_.get(), end_);
      buffer_ = std::move(larger);
      capacity_ *= 2;
    }
  }
  for (;;) {
    if (InterruptGuard::interrupted()) {
      interrupted_ = true;
      return false;
    }
    const ssize_t size = ::read(fd_, buffer_.get() + end_, kChunk);
    if (size > 0) {
      end_ += static_cast<std::size_t>(size);
      return true;
    }
    if (size == 0) return false;
    if (errno != EINTR) throw errno_error("cannot read the input", errno);
  }
}

LineReader::Result LineReader::take(std::size_t size, bool terminated, Result result) {
  line_ = std::string_view(buffer_.get() + begin_, size);
  begin_ += size + (terminated ? 1 : 0);
  consumed_ += size + (terminated ? 1 : 0);
  terminated_ = terminated;
  ++number_;
  return result;
}

LineReader::Result LineReader::skip_line() {
  // Drops what was read of the line, except the beginning, which line() returns.
  constexpr std::size_t kHead = 64;
  for (;;) {
    const char* data = buffer_.get() + begin_ + kHead;
    const auto* feed = static_cast<const char*>(std::memchr(data, '\n', end_ - begin_ - kHead));
    if (feed != nullptr) {
      const auto skipped = static_cast<std::size_t>(feed - data) + 1;
      consumed_ += kHead + skipped;
      line_ = std::string_view(buffer_.get() + begin_, kHead);
      begin_ += kHead + skipped;
      terminated_ = true;
      ++number_;
      return Result::kTooLong;
    }
    consumed_ += end_ - begin_ - kHead;
    end_ = begin_ + kHead;
    if (!fill()) return interrupted_ ? Result::kInterrupted : take(kHead, false, Result::kTooLong);
  }
}

LineReader::Result LineReader::next() {
  std::size_t searched = 0;
  for (;;) {
    const char* data = buffer_.get() + begin_;
    const std::size_t available = end_ - begin_;
    if (available > searched) {
      const auto* feed = static_cast<const char*>(std::memchr(data + searched, '\n', available - searched));
      if (feed != nullptr) {
        const auto size = static_cast<std::size_t>(feed - data);
        return take(size, true, size > kMaxLine ? Result::kTooLong : Result::kLine);
      }
      searched = available;
      if (available > kMaxLine) return skip_line();
    }
    if (!fill()) {
      if (interrupted_) return Result::kInterrupted;
      line_ = {};
      return end_ == begin_ ? Result::kEnd : take(end_ - begin_, false, Result::kLine);
    }
  }
}

}  // namespace plog::cli
