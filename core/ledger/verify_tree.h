// The tree over verified blocks, held against the stored tiles above them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ledger/proof.h"
#include "ledger/verify.h"

namespace plog::ledger {

// One thread, blocks in order.
class TreeVerifier {
 public:
  // `leaves`: of the stored tree.
  TreeVerifier(std::uint64_t leaves, Checks checks, Findings& findings);

  // Goes on from a tree that is vouched for: its tiles are those of `tiles`.
  void resume(const CompactRange& tree, TileReader& tiles);
  // Keeps the root over the first `size` leaves, which must not have been added yet.
  void want_root(std::uint64_t size) { roots_.emplace(size, std::nullopt); }

  void add(const Block& block, TileReader& tiles);
  // After the last block.
  void finish(TileReader& tiles);

  std::uint64_t size() const noexcept { return tree_.size(); }
  Hash root() const noexcept { return tree_.root(); }
  // Of a wanted size; nullopt when there are fewer leaves, or there is a great hole before it.
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
  // The newest tile of each level above 0, as the stored tiles below say.
  struct Upper {
    std::uint64_t index = 0;
    std::string octets;
  };
  std::array<Upper, kTileLevels> upper_;
};

}  // namespace plog::ledger
