// Reads lines from a file or from standard input, in large reads and bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/file.h"

namespace plog::cli {

// The longest accepted line, in bytes: the limit of json::Reader.
inline constexpr std::size_t kMaxLine = std::size_t{64} << 20;

// Opens the file; "-" or an empty path is standard input. Throws Error(kNotFound or kIo).
Fd open_input(const std::string& path);

class LineReader {
 public:
  enum class Result {
    kLine,
    kTooLong,  // longer than kMaxLine: skipped; line() returns its beginning
    kEnd,
    kInterrupted,  // by InterruptGuard
  };

  explicit LineReader(int fd);
  ~LineReader();

  // Throws Error(kIo).
  Result next();
  // The last line, without its line feed. Valid until the next call of next().
  std::string_view line() const noexcept { return line_; }
  bool terminated() const noexcept { return terminated_; }       // whether the last line ended with a line feed
  std::uint64_t number() const noexcept { return number_; }      // of the last line, counted from 1
  std::uint64_t consumed() const noexcept { return consumed_; }  // bytes, up to the end of the last line
  std::uint64_t total() const noexcept { return total_; }        // bytes in a regular file, else 0
  bool drained() const noexcept { return begin_ == end_; }       // whether the next call of next() has to read

 private:
  bool fill();  // false at the end of the input
  Result take(std::size_t size, bool terminated, Result result);
  Result skip_line();

  int fd_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0, end_ = 0;
  std::string_view line_;
  bool terminated_ = false, interrupted_ = false;
  std::uint64_t number_ = 0, consumed_ = 0, total_ = 0;
};

}  // namespace plog::cli
