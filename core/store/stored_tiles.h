// Reads the tiles of a store for proofs.
#pragma once

#include <string>
#include <string_view>

#include "ledger/proof.h"
#include "store/store.h"

namespace plog::store {

// One thread at a time. Borrows the store.
class StoredTiles final : public ledger::TileReader {
 public:
  enum class View {
    kCommitted,    // any thread
    kTransaction,  // inside the writer's transaction, including the tiles it has put
  };
  StoredTiles(Store& store, View view) : store_(store), view_(view) {}
  std::string_view read(const ledger::Tile& tile) override;

 private:
  Store& store_;
  const View view_;
  std::string octets_;
};

}  // namespace plog::store
