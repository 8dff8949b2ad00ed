// The journals of dead processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/uuid.h"
#include "spool/journal.h"
#include "store/store.h"

namespace plog::spool {

// A journal whose process has died. This object holds its lock, which keeps other processes from adopting it.
struct Orphan {
  Uuid id{};
  Fd owner;
  DropAccount account;
  std::vector<std::uint64_t> segments;  // numbers, ascending
};

// Locks and returns the orphaned journals in the directory. Skips journals of an unknown version and those that this
// user may not open. Also deletes owner files that never got their final name. Throws kIo.
std::vector<Orphan> find_orphans(const std::string& directory);

// The number of records in the directory's journals, of live and dead processes, that are not in the ledger yet.
// Changes nothing.
std::uint64_t count_pending(const std::string& directory, store::Store& store);

// Whether a segment contains bytes that are neither a valid record nor the torn end of one. Throws kIo.
bool is_damaged(const std::string& path);

}  // namespace plog::spool
