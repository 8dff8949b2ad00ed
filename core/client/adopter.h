// Adopts the journals of dead processes: commits their events to the ledger and deletes their files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "client/committer.h"
#include "client/journal.h"

namespace plog::client {

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

struct Adopted {
  std::uint64_t recovered = 0;
  std::uint64_t gaps = 0;
  std::vector<Error> errors;  // conflicting events and damaged segments, to be reported to the user
};

// Commits the orphan's records in transactions of at most `batch` events, then deletes its files. `sync`: each commit
// is on disk before the next step. The caller holds the writer lock. Safe to repeat after a crash at any point. A
// damaged segment is kept as `<name>.damaged`, and a gap event records the loss. Throws what the store throws.
Adopted adopt(Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync);

}  // namespace plog::client
