// The one exception type of the core, and the status numbers it carries.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace plog {

// The numbers are those of plog_status in plog.h; capi/ asserts it.
enum class Status : std::int32_t {
  kOk = 0,
  kInvalid = 1,
  kConfig = 2,
  kNotFound = 3,
  kIo = 4,
  kFull = 5,
  kTimeout = 6,
  kClosed = 7,
  kBusy = 8,
  kCorrupt = 9,
  kUnsupported = 10,
  kCancelled = 11,
  kNoMemory = 12,
  kInternal = 13,
};

// Thrown by core code for failures; expected outcomes (not found, a verdict) are return values. `message` is one line,
// names the field, file or key at fault and the remedy, and never holds content of an event.
class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  Status status() const noexcept { return status_; }

 private:
  Status status_;
};

// Error(kIo or, for ENOSPC and EDQUOT, kFull) with the text of errno: "cannot open /x/y: Permission denied".
Error errno_error(const std::string& what, int errno_value);

}  // namespace plog
