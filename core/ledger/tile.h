// The tree cut into tiles (c2sp.org/tlog-tiles), as it is stored and exported.
//
// Tile n of tile level t contains the nodes of level 8t with the indexes 256n to 256n + 255, in order: 8,192 bytes when
// full. A tile at the right edge may be partial: it contains the 1 to 255 nodes that are complete. The nodes of the
// levels in between follow from these and are not stored. The leaves themselves are in entry bundles, 256 to a bundle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/merkle.h"

namespace plog::ledger {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 256;
inline constexpr unsigned kHashSize = 32;
inline constexpr unsigned kTileBytes = kTileWidth * kHashSize;
inline constexpr unsigned kTileLevels = 8;  // enough for any tree of less than 2^64 leaves
inline constexpr unsigned kMaxPathLevel = 63;
inline constexpr std::size_t kMaxEntryBytes = 65'535;

struct Tile {
  unsigned level = 0;
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // 1 to 256; a tile below 256 is partial

  friend bool operator==(const Tile&, const Tile&) = default;
};

// The number of hashes that a tile has in a tree of `size` leaves: 0 to 256.
unsigned tile_width(unsigned level, std::uint64_t index, std::uint64_t size) noexcept;

// The tiles of a tree of `size` leaves that a tree of `old_size` leaves does not have, or has with fewer hashes; by
// level, then by index. With old_size 0: all tiles. Throws Error(kInvalid) if old_size > size.
std::vector<Tile> new_tiles(std::uint64_t old_size, std::uint64_t size);

// The place of a complete node: it is the root of `count` hashes of a tile (a power of two, 1 to 128), beginning with
// hash number `first`.
struct TilePlace {
  unsigned tile_level = 0;
  std::uint64_t tile_index = 0;
  unsigned first = 0;
  unsigned count = 1;

  friend bool operator==(const TilePlace&, const TilePlace&) = default;
};
TilePlace place_of(unsigned level, std::uint64_t index) noexcept;
// The root over the hashes [first, first + count) of a tile; `count` is a power of two, 1 to 256. Throws
// Error(kCorrupt) if the tile has fewer hashes.
Hash tile_hash(std::string_view octets, unsigned first, unsigned count);

// The path of a tile ("tile/0/x001/x234/067", "tile/1/000.p/17") and of an entry bundle ("tile/entries/x001/x234/067",
// "tile/entries/000.p/17").
std::string tile_path(const Tile& tile);
std::string entries_path(std::uint64_t index, unsigned width = kTileWidth);

struct TilePath {
  bool entries = false;  // a bundle of entries; tile.level is 0
  Tile tile;

  friend bool operator==(const TilePath&, const TilePath&) = default;
};
// Parses exactly the paths that the two functions above return; nullopt for any other text.
std::optional<TilePath> parse_tile_path(std::string_view path);

// An entry bundle contains, for each entry, its length (two bytes, big-endian) and its bytes.
// Throws Error(kInvalid) for an entry over kMaxEntryBytes.
void append_entry(std::string& bundle, std::string_view entry);
// The entries, which point into the bundle; nullopt unless it contains exactly `width` entries and nothing else.
std::optional<std::vector<std::string_view>> parse_entries(std::string_view bundle, unsigned width);

// A growing tree that also collects the hashes that its leaves add to the tiles. Not thread-safe.
class TileAppender {
 public:
  TileAppender() = default;
  // Continues a stored tree.
  explicit TileAppender(const CompactRange& tree) : tree_(tree) {}

  const CompactRange& tree() const noexcept { return tree_; }
  void append(const Hash& leaf);

  // New hashes of one tile, which follow the `first` hashes that it already had.
  struct Addition {
    unsigned level = 0;
    std::uint64_t index = 0;
    unsigned first = 0;
    std::string_view octets;  // 32 bytes for each hash; valid until the next append or take
  };
  // Calls `sink(const Addition&)` for everything that was added since the last take(), by level and index.
  template <typename Sink>
  void take(Sink&& sink) {
    for (unsigned level = 0; level < kTileLevels; ++level) {
      std::uint64_t node = pending_[level].first;
      for (std::string_view rest = pending_[level].octets; !rest.empty();) {
        const auto first = static_cast<unsigned>(node % kTileWidth);
        const std::string_view part = rest.substr(0, std::size_t{kTileWidth - first} * kHashSize);
        sink(Addition{level, node / kTileWidth, first, part});
        node += part.size() / kHashSize;
        rest.remove_prefix(part.size());
      }
      pending_[level].octets.clear();
    }
  }

 private:
  struct Pending {
    std::uint64_t first = 0;  // the index of the first node, in the tree's level 8 * level
    std::string octets;
  };

  CompactRange tree_;
  std::array<Pending, kTileLevels> pending_;
};

}  // namespace plog::ledger
