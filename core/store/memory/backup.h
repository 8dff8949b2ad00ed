// Backups of ledgers in memory: files of JSON lines, one for each event, tile and other entry.
#pragma once

#include <string>

#include "store/memory/ledger.h"
#include "store/store.h"

namespace plog::store::memory {

// As Store::backup.
void write_backup(const State& state, const std::string& path, const CopyProgress& progress);
// Throws kNotFound if there is no file, kCorrupt if it is not a backup, kCancelled if `progress` stopped the call.
State read_backup(const std::string& path, const CopyProgress& progress);

}  // namespace plog::store::memory
