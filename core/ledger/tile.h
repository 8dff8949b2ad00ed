// The tree cut into tiles (c2sp.org/tlog-tiles): how it is stored, and how others read it.
//
// Tile n of tile level t holds, for i = 0…255, the node of level 8t with the index 256n + i, in order: 8,192 octets
// when full. At the right edge a tile is partial: it holds the 1 to 255 nodes that are complete. Hashes within a tile
// follow from its lowest row and are not stored. Leaves themselves lie in entry bundles, 256 to a bundle.
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
inline constexpr unsigned kTileLevels = 8;  // of a tree of less than 2^64 leaves
inline constexpr unsigned kMaxPathLevel = 63;
inline constexpr std::size_t kMaxEntryBytes = 65'535;

struct Tile {
  unsigned level = 0;
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // 1 to 256; below 256: partial

  friend bool operator==(const Tile&, const Tile&) = default;
};

// How many hashes a tile has in a tree of `size` leaves: 0 to 256.
unsigned tile_width(unsigned level, std::uint64_t index, std::uint64_t size) noexcept;

// The tiles of a tree of `size` leaves that one of `old_size` leaves has not, or has with fewer hashes: by level, then
// by index. With old_size 0: all of them. Throws Error(kInvalid) when old_size > size.
std::vector<Tile> new_tiles(std::uint64_t old_size, std::uint64_t size);

// Where a complete node is found: the root of the `count` (a power of two, 1 to 128) hashes from the `first` of a tile.
struct TilePlace {
  unsigned tile_level = 0;
  std::uint64_t tile_index = 0;
  unsigned first = 0;
  unsigned count = 1;

  friend bool operator==(const TilePlace&, const TilePlace&) = default;
};
TilePlace place_of(unsigned level, std::uint64_t index) noexcept;
// The root over hashes [first, first + count) of a tile's octets; `count` is a power of two, 1 to 256. Throws
// Error(kCorrupt) when the octets hold fewer hashes.
Hash tile_hash(std::string_view octets, unsigned first, unsigned count);

// "tile/0/x001/x234/067", "tile/1/000.p/17"; "tile/entries/x001/x234/067", "tile/entries/000.p/17".
std::string tile_path(const Tile& tile);
std::string entries_path(std::uint64_t index, unsigned width = kTileWidth);

struct TilePath {
  bool entries = false;  // a bundle of entries; tile.level is 0
  Tile tile;

  friend bool operator==(const TilePath&, const TilePath&) = default;
};
// The path that one of the two functions above gives, letter by letter; nullopt for any other text.
std::optional<TilePath> parse_tile_path(std::string_view path);

// Entry bundles: for each entry its length (two octets, big-endian) and its octets.
// Throws Error(kInvalid) for an entry over kMaxEntryBytes.
void append_entry(std::string& bundle, std::string_view entry);
// The entries, borrowed from the bundle; nullopt unless it holds exactly `width` of them and nothing else.
std::optional<std::vector<std::string_view>> parse_entries(std::string_view bundle, unsigned width);

// A growing tree that also collects what its leaves add to the tiles. An object belongs to one thread at a time.
class TileAppender {
 public:
  TileAppender() = default;
  // Goes on from a stored tree.
  explicit TileAppender(const CompactRange& tree) : tree_(tree) {}

  const CompactRange& tree() const noexcept { return tree_; }
  void append(const Hash& leaf);

  // New hashes of one tile: they follow the `first` hashes that it had.
  struct Addition {
    unsigned level = 0;
    std::uint64_t index = 0;
    unsigned first = 0;
    std::string_view octets;  // a multiple of 32; borrowed until the next append, take or the object's end
  };
  // What all leaves since the last take() added, by level and index; afterwards nothing is pending.
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
