// Copies of a ledger: a backup with its head, and what comes back from one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "client/heads.h"
#include "store/store.h"

namespace plog::client {

using CopyProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

// Copies the ledger, while it is in use, to a new file, and the head that it had before to `<target>.head`. The key
// stays where it is. Throws kInvalid when there is something at either path, kFull, kIo, kCancelled (nothing is left).
void backup_ledger(store::Store& store, const std::string& db_path, const std::string& target,
                   const CopyProgress& progress);

struct Restored {
  std::uint64_t events = 0;
  std::string replaced;                         // where the ledger that was there is now; empty: there was none
  std::optional<std::string> unsigned_because;  // why no head could be signed
};

// Makes a copy of a backup the ledger at `db_path`, as a branch of its own: it is reported as rolled back until that is
// acknowledged. A head that stands at db_path stays, as the evidence of what was there. What was the ledger there is
// kept under another name, and only touched with `replace`. Throws kInvalid when there is a ledger and not `replace`,
// kCorrupt when the backup does not verify, kBusy, kFull, kIo.
Restored restore_ledger(const std::string& backup, const std::string& db_path, const HeadOptions& heads, bool replace,
                        const CopyProgress& progress);

}  // namespace plog::client
