// The stored tiles of a tree, for code that builds or checks proofs.
#pragma once

#include <string>
#include <string_view>

#include "ledger/proof.h"
#include "store/store.h"

namespace plog::store {

// The committed tiles. One thread at a time; any number of objects may read one store.
class StoredTiles final : public ledger::TileReader {
 public:
  explicit StoredTiles(Store& store) : store_(store) {}
  std::string_view read(const ledger::Tile& tile) override;

 private:
  Store& store_;
  std::string bytes_;
};

// The tiles as a transaction sees them, with those that it has put. One thread at a time.
class TransactionTiles final : public ledger::TileReader {
 public:
  explicit TransactionTiles(Transaction& transaction) : transaction_(transaction) {}
  std::string_view read(const ledger::Tile& tile) override;

 private:
  Transaction& transaction_;
  std::string bytes_;
};

}  // namespace plog::store
