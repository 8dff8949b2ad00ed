// A file that appears under its name when it is whole.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace plog::report {

class FileOutput {
 public:
  // Throws kInvalid when the file is there already, unless it may be overwritten; kIo.
  FileOutput(const std::string& path, bool overwrite);
  ~FileOutput();  // without finish(): nothing is left behind
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  // Append to it, then spill() now and then.
  std::string& buffer() noexcept { return buffer_; }
  void spill();
  // Under its name, and on disk if `sync`. Throws kInvalid as above, kFull, kIo.
  void finish(bool sync = true);

 private:
  Error exists() const;
  void flush();

  const std::string path_;
  const bool overwrite_;
  std::string draft_, buffer_;
  Fd fd_;
};

// Writes one whole file, over what is there.
void write_file(const std::string& path, std::string_view octets, bool sync);

}  // namespace plog::report
