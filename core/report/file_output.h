// A file that appears under its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace plog::report {

class FileOutput {
 public:
  // Throws kInvalid if the file exists and may not be overwritten, or is a directory; and kIo.
  FileOutput(const std::string& path, bool overwrite);
  ~FileOutput();  // without finish(), deletes what was written
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  // Append to the buffer, and call spill() from time to time.
  std::string& buffer() noexcept { return buffer_; }
  void spill();
  // Gives the file its name; with `sync`, it is on disk when this returns. Throws kInvalid as above, kFull, kIo.
  void finish(bool sync = true);

 private:
  Error exists() const;
  void flush();

  const std::string path_;
  const bool overwrite_;
  std::string draft_, buffer_;
  Fd fd_;
};

// Writes a whole file and replaces an existing one.
void write_file(const std::string& path, std::string_view octets, bool sync);

}  // namespace plog::report
