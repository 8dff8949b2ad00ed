// A file in memory, for code that reads files by their path.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/file.h"
#include "check.h"

class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_.get())) {}

  void set(std::string_view octets) {
    PLOG_FUZZ_CHECK(::ftruncate(fd_.get(), 0) == 0);
    plog::pwrite_all(fd_.get(), octets.data(), octets.size(), 0);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  plog::Fd fd_;
  const std::string path_;
};
