// The Merkle tree of RFC 6962: hashes of leaves and nodes, and a tree that grows. The functions are pure; a tree keeps
// at most one hash for each level.
//
// A node has a level (0: leaves) and an index in its level: node (l, i) covers the leaves [i·2^l, (i+1)·2^l). An odd
// node is never paired with itself.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/sha256.h"

namespace plog::ledger {

using Hash = Digest;

// SHA-256 of the empty string: the root of the tree without leaves.
const Hash& empty_root() noexcept;
// SHA-256(0x00 ‖ bytes of the leaf).
Hash hash_leaf(std::string_view octets) noexcept;
// SHA-256(0x01 ‖ left ‖ right).
Hash hash_node(const Hash& left, const Hash& right) noexcept;

// A tree that only grows, kept as the roots of its complete subtrees: one for each set bit of its size, the largest
// subtree first. Copies are cheap. Not thread-safe.
class CompactRange {
 public:
  static constexpr unsigned kMaxLevels = 64;

  CompactRange() = default;
  // `hashes`: as returned by hashes(). Throws Error(kCorrupt) unless there is one for each set bit of `size`.
  CompactRange(std::uint64_t size, std::span<const Hash> hashes);

  std::uint64_t size() const noexcept { return size_; }
  std::span<const Hash> hashes() const noexcept { return {hashes_.data(), count()}; }
  Hash root() const noexcept;

  // Adds a leaf by its hash. Calls `sink(unsigned level, std::uint64_t index, const Hash&)` for each node that this
  // completes: the leaf first, then upwards.
  template <typename Sink>
  void append(const Hash& leaf, Sink&& sink) {
    append_subtree(0, leaf, sink);
  }
  void append(const Hash& leaf) noexcept {
    append_subtree(0, leaf, [](unsigned, std::uint64_t, const Hash&) {});
  }

  // Adds 2^level leaves at once by the root over them, which was computed elsewhere (on another thread, from a tile).
  // size() must be a multiple of 2^level.
  template <typename Sink>
  void append_subtree(unsigned level, const Hash& root, Sink&& sink) {
    std::size_t top = count();
    std::uint64_t index = size_ >> level;
    size_ += std::uint64_t{1} << level;
    Hash hash = root;
    for (;; ++level, index >>= 1) {
      sink(level, index, static_cast<const Hash&>(hash));
      if ((index & 1) == 0) break;
      hash = hash_node(hashes_[--top], hash);
    }
    hashes_[top] = hash;
  }

 private:
  std::size_t count() const noexcept { return static_cast<std::size_t>(std::popcount(size_)); }

  std::uint64_t size_ = 0;
  std::array<Hash, kMaxLevels> hashes_{};  // the first count() are in use
};

}  // namespace plog::ledger
