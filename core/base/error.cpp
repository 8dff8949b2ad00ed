#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace plog {

Error errno_error(const std::string& what, int errno_value) {
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
  return Error(full ? Status::kFull : Status::kIo, what + ": " + std::generic_category().message(errno_value));
}

}  // namespace plog
