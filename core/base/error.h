// The core's only exception type, and the status codes that it carries.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace plog {

// The values are those of plog_status in plog.h; capi/ asserts this.
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
// names the field, file or key at fault and the remedy, and never contains event content.
class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  Status status() const noexcept { return status_; }

 private:
  Status status_;
};

// Returns an Error whose message is `what` and the text of `errno_value`: "cannot open /x/y: Permission denied". Its
// status is kFull for ENOSPC and EDQUOT, kIo for all others.
Error errno_error(const std::string& what, int errno_value);

}  // namespace plog
