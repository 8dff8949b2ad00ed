// Reference models for tests: the Merkle tree, written slowly but literally from RFC 6962, and tiles in memory.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

namespace plog::ledger {

inline std::string hex(const Hash& hash) { return hex_encode(hash.data(), hash.size()); }

class TreeModel {
 public:
  explicit TreeModel(std::vector<std::string> entries) : entries_(std::move(entries)) {}
  // Entry i is the byte i for i < 256, and the decimal text of i above.
  static TreeModel of_size(std::uint64_t size) {
    std::vector<std::string> entries(size);
    for (std::uint64_t i = 0; i < size; ++i)
      entries[i] = i < 256 ? std::string(1, static_cast<char>(i)) : std::to_string(i);
    return TreeModel(std::move(entries));
  }

  const std::vector<std::string>& entries() const { return entries_; }
  std::uint64_t size() const { return entries_.size(); }
  Hash leaf(std::uint64_t i) const { return sha256(std::string_view("\0", 1), entries_[i]); }

  // MTH(D[begin:end]).
  Hash root(std::uint64_t begin, std::uint64_t end) const {
    if (begin == end) return sha256("");
    if (end - begin == 1) return leaf(begin);
    const auto [found, added] = roots_.try_emplace({begin, end});
    if (added) {
      const std::uint64_t k = split(end - begin);
      std::string octets(1, '\1');
      for (const Hash& part : {root(begin, begin + k), root(begin + k, end)}) octets.append(part.begin(), part.end());
      roots_[{begin, end}] = sha256(octets);
    }
    return roots_[{begin, end}];
  }
  // PATH(m, D[begin:end]).
  Proof path(std::uint64_t m, std::uint64_t begin, std::uint64_t end) const {
    if (end - begin == 1) return {};
    const std::uint64_t k = split(end - begin);
    Proof proof = m < k ? path(m, begin, begin + k) : path(m - k, begin + k, end);
    proof.push_back(m < k ? root(begin + k, end) : root(begin, begin + k));
    return proof;
  }
  // SUBPROOF(m, D[begin:end], b); PROOF(m, D[n]) = SUBPROOF(m, D[0:n], true).
  Proof subproof(std::uint64_t m, std::uint64_t begin, std::uint64_t end, bool b) const {
    if (m == end - begin) return b ? Proof() : Proof{root(begin, end)};
    const std::uint64_t k = split(end - begin);
    Proof proof = m <= k ? subproof(m, begin, begin + k, b) : subproof(m - k, begin + k, end, false);
    proof.push_back(m <= k ? root(begin + k, end) : root(begin, begin + k));
    return proof;
  }

 private:
  static std::uint64_t split(std::uint64_t n) {
    std::uint64_t k = 1;
    while (2 * k < n) k *= 2;
    return k;
  }
  std::vector<std::string> entries_;
  mutable std::map<std::pair<std::uint64_t, std::uint64_t>, Hash> roots_;
};

// Counts the reads, and returns no more hashes than the requested width.
class MemoryTiles final : public TileReader {
 public:
  MemoryTiles() = default;
  explicit MemoryTiles(const TreeModel& model) {
    TileAppender tree;
    for (std::uint64_t i = 0; i < model.size(); ++i) tree.append(model.leaf(i));
    add(tree);
  }

  void add(TileAppender& tree) {
    tree.take([this](const TileAppender::Addition& addition) {
      std::string& octets = tiles_[{addition.level, addition.index}];
      if (octets.size() != std::size_t{addition.first} * kHashSize) throw Error(Status::kInternal, "a gap in a tile");
      octets += addition.octets;
    });
  }
  std::string_view read(const Tile& tile) override {
    ++reads;
    if (tile.width == 0 || tile.width > kTileWidth) throw Error(Status::kInternal, "no such width");
    const auto found = tiles_.find({tile.level, tile.index});
    if (found == tiles_.end()) throw Error(Status::kNotFound, "no such tile");
    return std::string_view(found->second).substr(0, std::size_t{tile.width} * kHashSize);
  }
  std::map<std::pair<unsigned, std::uint64_t>, std::string>& tiles() { return tiles_; }

  int reads = 0;

 private:
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles_;
};

}  // namespace plog::ledger
