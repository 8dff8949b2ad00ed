// Builds the tree over verified blocks and compares it with the stored tiles above level 0.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ledger/proof.h"
#include "ledger/verify.h"

namespace plog::ledger {

// Not thread-safe.
class TreeVerifier {
 public:
  // `leaves`: the number of leaves of the stored tree.
  TreeVerifier(std::uint64_t leaves, Checks checks, Findings& findings);

  // Starts with `tree`, whose tiles `tiles` reads, because a trusted head covers it.
  void resume(const CompactRange& tree, TileReader& tiles);
  // Keeps the root over the first `size` leaves. Must be called before so many leaves are added.
  void want_root(std::uint64_t size) { roots_.emplace(size, std::nullopt); }

  // Adds the next block. Blocks must come in order.
  void add(const Block& block, TileReader& tiles);
  // Compares the last tile of each level. Must be called after the last block.
  void finish(TileReader& tiles);

  std::uint64_t size() const noexcept { return tree_.size(); }
  Hash root() const noexcept { return tree_.root(); }
  // The root over `size` leaves, for which want_root() was called. nullopt if there are fewer leaves, or if whole
  // blocks are missing before.
  std::optional<Hash> root_of(std::uint64_t size) const;

 private:
  void add_leaves(const Block& block, std::uint64_t from, std::uint64_t to);
  void keep_root();
  void add_node(unsigned level, const Hash& hash, TileReader& tiles);
  void compare(unsigned level, TileReader& tiles);

  const std::uint64_t leaves_;
  const Checks checks_;
  Findings& findings_;
  CompactRange tree_;
  bool broken_ = false;
  std::map<std::uint64_t, std::optional<Hash>> roots_;
  // The newest tile of each level above 0, computed from the stored tiles below it.
  struct Upper {
    std::uint64_t index = 0;
    std::string octets;
  };
  std::array<Upper, kTileLevels> upper_;
};

}  // namespace plog::ledger
