// Brings the journals of dead processes into the ledger.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "client/committer.h"
#include "client/journal.h"

namespace plog::client {

// A journal whose owner is dead; its lock is ours now, so no other process adopts it too.
struct Orphan {
  Uuid id{};
  Fd owner;
  DropAccount account;
  std::vector<std::uint64_t> segments;  // numbers, ascending
};

// Journals in the directory that nobody owns. Journals of unknown versions are left out.
std::vector<Orphan> find_orphans(const std::string& directory);

// Records in journals of the directory, dead or alive, that are not in the ledger yet. Reads only.
std::uint64_t count_pending(const std::string& directory, store::Store& store);

struct Adopted {
  std::uint64_t recovered = 0;
  std::uint64_t gaps = 0;
  std::vector<Error> errors;  // conflicts and damage, for people
};

// Commits an orphan's records in transactions of at most `batch` events, under the writer lock that the caller holds,
// then unlinks its files. Order: commit, fsync (`sync`), unlink. Safe to repeat after a crash at any point. A damaged
// segment is kept as `<name>.damaged`, and what is lost becomes a gap event.
Adopted adopt(Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync);

}  // namespace plog::client
