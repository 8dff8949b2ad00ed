// Backups: copies a ledger together with its head, and restores a ledger from such a copy.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "heads/heads.h"
#include "store/driver.h"

namespace plog::client {

// Called on the caller's thread, in database pages. Returning false cancels the copy. May be empty.
using store::CopyProgress;

// Copies the ledger, which may be in use, to the new file `target`, and its head to `<target>.head`. The copy contains
// all events that the head covers. The signing key is not copied. Throws kInvalid if either path exists, kFull, kIo,
// kCancelled. After an error neither file is left.
void backup_ledger(store::Store& store, const store::LedgerAddress& address, const std::string& target,
                   const CopyProgress& progress);

struct Restored {
  std::uint64_t events = 0;
  std::string replaced;                         // the new path of the ledger that was there; empty if none was
  std::optional<std::string> unsigned_because;  // why no head could be signed; nullopt if one was
};

// Restores a backup to `address`. The restored ledger continues as a branch, and verification reports it as rolled back
// until that is acknowledged. A head that exists beside it stays there, as evidence of what the ledger contained.
// With `replace`, an existing ledger is renamed and kept; without it, kInvalid is thrown. Throws kNotFound if there is
// no backup, kCorrupt if it does not verify, kBusy, kFull, kIo, kCancelled.
Restored restore_ledger(const store::LedgerAddress& backup, const store::LedgerAddress& address,
                        const heads::HeadOptions& heads, bool replace, const CopyProgress& progress);

}  // namespace plog::client
