// The stored Merkle tree of a ledger, as a writer extends it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "ledger/leaf.h"
#include "ledger/proof.h"
#include "ledger/tile.h"
#include "store/store.h"
#include "store/stored_tiles.h"

namespace plog::writer {

// Not thread-safe. `store` must outlive it.
class LedgerTree {
 public:
  explicit LedgerTree(store::Store& store) : store_(store) {}

  // The calls that take a transaction read and write the stored tree in it.

  // Loads the stored tree and makes it cover exactly the stored events: cuts off surplus leaves and appends missing
  // ones. Returns whether anything had to be changed. Throws kCorrupt if the events cannot be read.
  bool load(store::Transaction& transaction);

  std::uint64_t size() const noexcept { return appender_.tree().size(); }
  ledger::Hash root() const noexcept { return appender_.tree().root(); }
  // The root of the first `size` leaves, including those appended since the last flush().
  ledger::Hash root_of(store::Transaction& transaction, std::uint64_t size);

  // Appends the leaf of the event that was just appended to the store.
  void append(const store::NewRow& row);
  // Writes the tiles of the appended leaves into the transaction.
  void flush(store::Transaction& transaction);

 private:
  // The rightmost tile of a level, as far as it is filled.
  struct Edge {
    std::uint64_t index = 0;
    std::string bytes;
  };

  void start(store::Transaction& transaction, const ledger::CompactRange& tree);
  void cut(store::Transaction& transaction, std::uint64_t size);
  void extend(store::Transaction& transaction);
  void append_stored(const store::EventRow& row);

  store::Store& store_;
  ledger::TileAppender appender_;
  std::array<Edge, ledger::kTileLevels> edges_;
  Buffer leaf_;
};

}  // namespace plog::writer
