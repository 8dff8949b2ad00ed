// Heads in files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "heads/head_store.h"

namespace plog::heads {

// The bytes of a head file; nullopt if there is no file. Of a file that is too large for a note, only so much is read
// that it does not parse as one. Throws kIo.
std::optional<std::string> read_head(const std::string& path);
// Replaces the file atomically (mode 0600). It is on disk when this returns: temporary file, fsync, rename, fsync of
// the directory. Throws kIo, kFull.
void write_head(const std::string& path, std::string_view note);

class FileHeadStore final : public HeadStore {
 public:
  explicit FileHeadStore(std::string path) : path_(std::move(path)) {}
  std::optional<std::string> read() override { return read_head(path_); }
  void write(std::string_view note) override { write_head(path_, note); }
  std::string name() const override { return path_; }

 private:
  const std::string path_;
};

}  // namespace plog::heads
