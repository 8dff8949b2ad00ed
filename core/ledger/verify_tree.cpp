#include "ledger/verify_tree.h"

#include <algorithm>

namespace plog::ledger {

TreeVerifier::TreeVerifier(std::uint64_t leaves, Checks checks, Findings& findings)
    : leaves_(leaves), checks_(checks), findings_(findings) {}

void TreeVerifier::resume(const CompactRange& tree, TileReader& tiles) {
  tree_ = tree;
  for (unsigned level = 1; level < kTileLevels; ++level) {
    const std::uint64_t nodes = tree.size() >> (level * kTileHeight);
    const auto width = static_cast<unsigned>(nodes % kTileWidth);
    upper_[level].index = nodes / kTileWidth;
    if (width == 0) continue;
    const std::string_view octets = tiles.read({level, upper_[level].index, width});
    upper_[level].octets = octets.substr(0, std::size_t{width} * kHashSize);
  }
  keep_root();
}

void TreeVerifier::keep_root() {
  if (roots_.empty()) return;
  const auto wanted = roots_.find(tree_.size());
  if (wanted != roots_.end()) wanted->second = tree_.root();
}

std::optional<Hash> TreeVerifier::root_of(std::uint64_t size) const {
  const auto found = roots_.find(size);
  return found == roots_.end() ? std::nullopt : found->second;
}

void TreeVerifier::add_leaves(const Block& block, std::uint64_t from, std::uint64_t to) {
  for (; from < to; ++from) {
    tree_.append(block.leaves[static_cast<std::size_t>(from - block.first)]);
    keep_root();
  }
}

void TreeVerifier::add(const Block& block, TileReader& tiles) {
  if (tree_.size() == 0) keep_root();
  // After a gap of whole blocks there is no tree to compute.
  broken_ = broken_ || block.first != tree_.size();
  if (broken_) return;
  const std::uint64_t end = block.first + block.leaves.size();
  std::uint64_t next = block.first;
  std::size_t tile = static_cast<std::size_t>((next + kTileWidth - 1) / kTileWidth - block.first / kTileWidth);
  // The leaves up to the next boundary between tiles.
  const std::uint64_t whole = std::min((next + kTileWidth - 1) / kTileWidth * kTileWidth, end);
  if (next < whole) {
    add_leaves(block, next, whole);
    next = whole;
    if (next % kTileWidth == 0) add_node(1, block.roots[tile - 1].tile, tiles);
  }
  for (; tile < block.roots.size(); ++tile, next += kTileWidth) {
    const auto wanted = roots_.upper_bound(next);
    if (wanted != roots_.end() && wanted->first < next + kTileWidth) {
      add_leaves(block, next, next + kTileWidth);
    } else {
      tree_.append_subtree(kTileHeight, block.roots[tile].rows, [](unsigned, std::uint64_t, const Hash&) {});
      keep_root();
    }
    add_node(1, block.roots[tile].tile, tiles);
  }
  add_leaves(block, next, end);
}

void TreeVerifier::add_node(unsigned level, const Hash& hash, TileReader& tiles) {
  if (level >= kTileLevels) return;
  Upper& upper = upper_[level];
  upper.octets.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  if (upper.octets.size() < kTileBytes) return;
  compare(level, tiles);
  const Hash root = tile_hash(upper.octets, 0, kTileWidth);
  ++upper.index;
  upper.octets.clear();
  add_node(level + 1, root, tiles);
}

// Compares a stored tile with the roots of the tiles below it.
void TreeVerifier::compare(unsigned level, TileReader& tiles) {
  if (!checks_.has(Check::kUpperTile)) return;
  const Upper& upper = upper_[level];
  const std::size_t width = tile_width(level, upper.index, leaves_);
  const std::size_t size = std::min(upper.octets.size(), width * kHashSize);
  if (size == 0) return;
  const std::string_view stored = tiles.read({level, upper.index, static_cast<unsigned>(width)});
  if (stored.substr(0, size) == std::string_view(upper.octets).substr(0, size)) return;
  const std::string path = tile_path({level, upper.index, kTileWidth});
  findings_.add(Verdict::kTampered,
                stored.empty() ? path + " is missing" : path + " does not contain the roots of the tiles below it");
}

void TreeVerifier::finish(TileReader& tiles) {
  for (unsigned level = 1; level < kTileLevels; ++level) compare(level, tiles);
}

}  // namespace plog::ledger
