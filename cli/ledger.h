// A ledger opened for reading.
#pragma once

#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/handles.h"
#include "store/driver.h"

namespace plog::cli {

// Opens an existing ledger. Unless `read_only`, first adopts the events that dead processes left in journals. If that
// fails, for example because the ledger is on read-only media, prints a note on standard error and reads the ledger as
// it is.
class ReadLedger {
 public:
  // Throws Error(kNotFound) if there is no ledger, and whatever open_sqlite throws.
  ReadLedger(const Globals& globals, bool read_only);

  store::Store& store() noexcept { return *store_; }
  const store::LedgerAddress& address() const noexcept { return address_; }
  const std::string& path() const noexcept { return address_.path(); }
  // Adopts journals again. For commands that run for a long time.
  void adopt_journals();

 private:
  bool has_journals() const;

  store::LedgerAddress address_;
  bool adopt_;
  ClientPtr client_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace plog::cli
