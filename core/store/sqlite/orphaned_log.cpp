#include "store/sqlite/orphaned_log.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/error.h"
#include "base/uuid.h"

namespace plog::store::sqlite {

void set_orphaned_log_aside(const std::string& path) {
  const std::string log = path + "-wal";
  if (has_log(path)) {
    std::uint8_t random[8];
    random_octets(random, sizeof random);
    if (::rename(log.c_str(), (log + ".orphaned-" + hex_encode(random, sizeof random)).c_str()) != 0) {
      throw errno_error("cannot rename " + log, errno);
    }
  }
  for (const char* suffix : {"-wal", "-shm"}) ::unlink((path + suffix).c_str());
}

bool has_log(const std::string& path) noexcept {
  struct stat info {};
  return ::stat((path + "-wal").c_str(), &info) == 0 && info.st_size != 0;
}

}  // namespace plog::store::sqlite
