#include "ledger/tile.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "ledger/lines.h"

namespace plog::ledger {
namespace {

constexpr std::string_view kTilePrefix = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::size_t kMaxPath = 64;  // no valid path is longer

// The number of complete nodes at the lowest tree level of a tile level.
std::uint64_t node_count(unsigned tile_level, std::uint64_t size) noexcept {
  return tile_level < kTileLevels ? size >> (kTileHeight * tile_level) : 0;
}

// Appends the index in groups of three digits, each but the last preceded by an x; then the width of a partial tile.
void append_place(std::string& path, std::uint64_t index, unsigned width) {
  std::string digits = std::to_string(index);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  for (std::size_t at = 0; at < digits.size(); at += 3) {
    path += at + 3 < digits.size() ? "/x" : "/";
    path.append(digits, at, 3);
  }
  if (width == kTileWidth) return;
  path += ".p/";
  path += std::to_string(width);
}

std::string path_of(const TilePath& path) {
  return path.entries ? entries_path(path.tile.index, path.tile.width) : tile_path(path.tile);
}

}  // namespace

unsigned tile_width(unsigned level, std::uint64_t index, std::uint64_t size) noexcept {
  const std::uint64_t nodes = node_count(level, size);
  if (index < nodes / kTileWidth) return kTileWidth;
  return index == nodes / kTileWidth ? static_cast<unsigned>(nodes % kTileWidth) : 0;
}

std::vector<Tile> new_tiles(std::uint64_t old_size, std::uint64_t size) {
  if (old_size > size) {
    throw Error(Status::kInvalid, "the tree of tiles cannot shrink from " + std::to_string(old_size) + " to " +
                                      std::to_string(size) + " leaves");
  }
  std::vector<Tile> tiles;
  for (unsigned level = 0; level < kTileLevels; ++level) {
    const std::uint64_t nodes = node_count(level, size);
    if (nodes == node_count(level, old_size)) break;
    for (std::uint64_t index = node_count(level, old_size) / kTileWidth; index <= (nodes - 1) / kTileWidth; ++index) {
      tiles.push_back({level, index, tile_width(level, index, size)});
    }
  }
  return tiles;
}

TilePlace place_of(unsigned level, std::uint64_t index) noexcept {
  const unsigned row = level % kTileHeight;
  const std::uint64_t in_tile = index & ((std::uint64_t{1} << (kTileHeight - row)) - 1);
  return {level / kTileHeight, index >> (kTileHeight - row), static_cast<unsigned>(in_tile << row), 1u << row};
}

Hash tile_hash(std::string_view octets, unsigned first, unsigned count) {
  if (first > kTileWidth || octets.size() / kHashSize < first + count) {
    throw Error(Status::kCorrupt, "a tile of the tree is too short; run plog verify");
  }
  Hash row[kTileWidth];
  std::memcpy(row, octets.data() + std::size_t{first} * kHashSize, std::size_t{count} * kHashSize);
  for (; count > 1; count /= 2) {
    for (unsigned i = 0; i < count / 2; ++i) row[i] = hash_node(row[2 * i], row[2 * i + 1]);
  }
  return row[0];
}

std::string tile_path(const Tile& tile) {
  std::string path(kTilePrefix);
  path += std::to_string(tile.level);
  append_place(path, tile.index, tile.width);
  return path;
}

std::string entries_path(std::uint64_t index, unsigned width) {
  std::string path(kTilePrefix);
  path += kEntries;
  append_place(path, index, width);
  return path;
}

std::optional<TilePath> parse_tile_path(std::string_view path) {
  if (path.size() > kMaxPath || !path.starts_with(kTilePrefix)) return std::nullopt;
  TilePath result;
  std::string_view rest = path.substr(kTilePrefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view level = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  if (level == kEntries) {
    result.entries = true;
  } else {
    const std::optional<std::uint64_t> number = parse_decimal(level);
    if (!number || *number > kMaxPathLevel) return std::nullopt;
    result.tile.level = static_cast<unsigned>(*number);
  }
  if (const std::size_t partial = rest.find(".p/"); partial != std::string_view::npos) {
    const std::optional<std::uint64_t> width = parse_decimal(rest.substr(partial + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    result.tile.width = static_cast<unsigned>(*width);
    rest = rest.substr(0, partial);
  }
  // Accepts other spellings too, because the result is compared with the path below.
  for (const char c : rest) {
    if (c == 'x' || c == '/') continue;
    if (c < '0' || c > '9' || __builtin_mul_overflow(result.tile.index, std::uint64_t{10}, &result.tile.index) ||
        __builtin_add_overflow(result.tile.index, static_cast<std::uint64_t>(c - '0'), &result.tile.index)) {
      return std::nullopt;
    }
  }
  if (path_of(result) != path) return std::nullopt;
  return result;
}

void append_entry(std::string& bundle, std::string_view entry) {
  if (entry.size() > kMaxEntryBytes) {
    throw Error(Status::kInvalid, "cannot write an entry of " + std::to_string(entry.size()) +
                                      " bytes: entries of a tile have at most 65535");
  }
  bundle += static_cast<char>(entry.size() >> 8);
  bundle += static_cast<char>(entry.size() & 0xFF);
  bundle += entry;
}

std::optional<std::vector<std::string_view>> parse_entries(std::string_view bundle, unsigned width) {
  std::vector<std::string_view> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2 || entries.size() == width) return std::nullopt;
    const std::size_t size =
        std::size_t{static_cast<unsigned char>(bundle[0])} << 8 | static_cast<unsigned char>(bundle[1]);
    bundle.remove_prefix(2);
    if (bundle.size() < size) return std::nullopt;
    entries.push_back(bundle.substr(0, size));
    bundle.remove_prefix(size);
  }
  if (entries.size() != width) return std::nullopt;
  return entries;
}

void TileAppender::append(const Hash& leaf) {
  tree_.append(leaf, [this](unsigned level, std::uint64_t index, const Hash& hash) {
    if (level % kTileHeight != 0) return;
    Pending& pending = pending_[level / kTileHeight];
    if (pending.octets.empty()) pending.first = index;
    pending.octets.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  });
}

}  // namespace plog::ledger
