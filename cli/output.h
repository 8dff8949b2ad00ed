// The program's standard output and standard error.
#pragma once

#include <string>
#include <string_view>

namespace plog::cli {

// Thrown when the reader of standard output is gone. Not an error: the program exits quietly.
struct BrokenPipe {};

// Buffered standard output. Methods throw BrokenPipe, or Error(kIo) for any other failure. Not thread-safe.
class Output {
 public:
  void write(std::string_view text);
  void line(std::string_view text);
  void flush();
  // Throws BrokenPipe if the reader of standard output is gone.
  static void check_reader();

 private:
  std::string buffer_;
};

// Opens /dev/null for each standard stream that is closed, so that no ledger file gets its descriptor. Standard input
// is then empty, and writing to standard output fails.
void secure_standard_streams() noexcept;

// Prints "plog: <message>" on standard error, with control characters escaped. Ignores write errors.
void complain(std::string_view message) noexcept;

// Writes `text` unchanged to standard error. Ignores write errors.
void write_stderr(std::string_view text) noexcept;

}  // namespace plog::cli
