// Standard output and standard error of the program.
#pragma once

#include <string>
#include <string_view>

namespace plog::cli {

// Thrown when the reader of standard output has gone. Not an error: the program ends quietly.
struct BrokenPipe {};

// Buffered standard output. Throws BrokenPipe, and Error(kIo) for every other failure. One thread.
class Output {
 public:
  void write(std::string_view text);
  void line(std::string_view text);
  void flush();
  // Waits up to `milliseconds`, less when a signal arrives; throws BrokenPipe as soon as the reader has gone.
  static void wait(int milliseconds);

 private:
  std::string buffer_;
};

// Gives the standard streams that are closed a place of their own, or a ledger might be opened there: standard input is
// at its end, and writing to standard output fails.
void secure_standard_streams() noexcept;

// One line on standard error, "plog: <message>", with control characters made visible. Never fails.
void complain(std::string_view message) noexcept;

// Writes to standard error as it is. Never fails.
void write_stderr(std::string_view text) noexcept;

}  // namespace plog::cli
