// Watches the files of a ledger with inotify(7).
#pragma once

#include <string>

#include "base/file.h"
#include "store/watch.h"

namespace plog::store::sqlite {

class FileWatch final : public Watch {
 public:
  // `path`: of the database. Without a descriptor afterwards if the system has none left for this user.
  explicit FileWatch(const std::string& path);

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  int descriptor() const noexcept override { return fd_.get(); }
  bool clear() noexcept override;

 private:
  Fd fd_;
  std::string database_, log_;  // names in the directory
};

}  // namespace plog::store::sqlite
