#include "store/stored_tiles.h"

namespace plog::store {

std::string_view StoredTiles::read(const ledger::Tile& tile) {
  octets_ = view_ == View::kTransaction ? store_.own_tile(tile.level, tile.index) : store_.tile(tile.level, tile.index);
  return octets_;
}

}  // namespace plog::store
