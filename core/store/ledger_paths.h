// The files of a ledger and their names. What a database keeps in them is known to its driver alone.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/ledger_address.h"

namespace plog::store {

// How the names of files continue the path of their ledger: with exactly these texts, or with these and something more.
struct FileNames {
  std::span<const std::string_view> whole;
  std::span<const std::string_view> beginnings;
};

// The names derived from a ledger's path (docs/architecture.md, The files of a ledger).
class LedgerPaths {
 public:
  explicit LedgerPaths(const LedgerAddress& address) : base_(address.path()) {}

  std::string head() const { return base_ + ".head"; }         // the newest signed head
  std::string key() const { return base_ + ".key"; }           // the private key, unless configured elsewhere
  std::string journals() const { return base_ + ".journal"; }  // the directory of the journals
  std::string lock() const { return base_ + ".lock"; }         // held by the process that writes

  // Whether a file or directory at `path` would be one of the ledger's, or would lie in the directory of its journals:
  // by its name, also if nothing exists there yet; through a symbolic link; or as another name of the same file.
  // `database`: the names of its driver's files. The files in `others` (its key and its heads, if they are kept
  // elsewhere) count as the ledger's.
  bool contain(const std::string& path, const FileNames& database, std::span<const std::string> others = {}) const;

 private:
  std::string base_;
};

}  // namespace plog::store
