// Paths of tiles and bundles of entries: accepted input has only one spelling.
#include <cstdint>
#include <string>

#include "check.h"
#include "ledger/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plog::ledger;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto path = parse_tile_path(text)) {
    const Tile& tile = path->tile;
    PLOG_FUZZ_CHECK(tile.level <= kMaxPathLevel && tile.width >= 1 && tile.width <= kTileWidth);
    PLOG_FUZZ_CHECK((path->entries ? entries_path(tile.index, tile.width) : tile_path(tile)) == text);
  }
  if (size == 0) return 0;
  const std::string_view bundle = text.substr(1);
  const unsigned width = data[0] + 1u;
  if (const auto entries = parse_entries(bundle, width)) {
    PLOG_FUZZ_CHECK(entries->size() == width);
    std::string again;
    for (const std::string_view entry : *entries) append_entry(again, entry);
    PLOG_FUZZ_CHECK(again == bundle);
  }
  return 0;
}
