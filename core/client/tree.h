// The stored tree of a ledger, as a writer makes it grow.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "ledger/leaf.h"
#include "ledger/proof.h"
#include "ledger/tile.h"
#include "store/store.h"
#include "store/stored_tiles.h"

namespace plog::client {

// One thread at a time, inside the transactions of its store.
class LedgerTree {
 public:
  explicit LedgerTree(store::Store& store) : store_(store) {}

  // Takes over what is stored, and makes it a tree over just the events that are there: what it has more of is cut off,
  // and what it lacks is added. False when it was that.
  bool load();

  std::uint64_t size() const noexcept { return appender_.tree().size(); }
  ledger::Hash root() const noexcept { return appender_.tree().root(); }
  // The root of the first `size` leaves, by the stored tiles and what was appended since.
  ledger::Hash root_of(std::uint64_t size);

  // The next leaf: the event that was appended to the store just now.
  void append(const event::Prepared& event, std::string_view agent, std::uint64_t sequence, const Digest& hash,
              const Digest& prev_hash);
  // Puts the tiles of what was appended into the transaction.
  void flush();

 private:
  // The rightmost tile of a level, as far as it is filled.
  struct Edge {
    std::uint64_t index = 0;
    std::string octets;
  };

  void start(const ledger::CompactRange& tree);
  void cut(std::uint64_t size);
  void extend(std::uint64_t size);

  store::Store& store_;
  ledger::TileAppender appender_;
  std::array<Edge, ledger::kTileLevels> edges_;
  Buffer leaf_;
};

}  // namespace plog::client
