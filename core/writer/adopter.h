// Adopts the journals of dead processes: commits their events to the ledger and deletes their files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "spool/orphans.h"
#include "writer/committer.h"

namespace plog::writer {

struct Adopted {
  std::uint64_t recovered = 0;
  std::uint64_t gaps = 0;
  std::vector<Error> errors;  // conflicting events and damaged segments, to be reported to the user
};

// Commits the orphan's records in transactions of at most `batch` events, then deletes its files. `sync`: each commit
// is on disk before the next step. The caller holds the writer lock. Safe to repeat after a crash at any point. A
// damaged segment is kept as `<name>.damaged`, and a gap event records the loss. Throws what the store throws.
Adopted adopt(spool::Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync);

}  // namespace plog::writer
