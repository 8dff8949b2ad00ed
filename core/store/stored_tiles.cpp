#include "store/stored_tiles.h"

namespace plog::store {

std::string_view StoredTiles::read(const ledger::Tile& tile) {
  bytes_ = store_.tile(tile.level, tile.index);
  return bytes_;
}

std::string_view TransactionTiles::read(const ledger::Tile& tile) {
  bytes_ = transaction_.tile(tile.level, tile.index);
  return bytes_;
}

}  // namespace plog::store
