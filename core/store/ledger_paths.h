// The files that provenlog keeps beside a ledger. What the database itself keeps there is known to its driver alone.
#pragma once

#include <string>

#include "store/ledger_address.h"

namespace plog::store {

// The names derived from a ledger's path (docs/architecture.md, The files of a ledger).
class LedgerPaths {
 public:
  explicit LedgerPaths(const LedgerAddress& address) : base_(address.path()) {}

  std::string head() const { return base_ + ".head"; }         // the newest signed head
  std::string key() const { return base_ + ".key"; }           // the private key, unless configured elsewhere
  std::string journals() const { return base_ + ".journal"; }  // the directory of the journals
  std::string lock() const { return base_ + ".lock"; }         // held by the process that writes

 private:
  std::string base_;
};

}  // namespace plog::store
