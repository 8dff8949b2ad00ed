// Inclusion and consistency proofs (RFC 9162 sections 2.1.3 and 2.1.4). Making them needs tiles; checking does not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/merkle.h"
#include "ledger/tile.h"

namespace plog::ledger {

using Proof = std::vector<Hash>;

// The maximum length of proofs in trees of less than 2^64 leaves.
inline constexpr std::size_t kMaxInclusionHashes = 64;
inline constexpr std::size_t kMaxConsistencyHashes = 65;

// Reads tiles: from the database, a directory, a server.
class TileReader {
 public:
  virtual ~TileReader() = default;
  // Returns at least the first `tile.width` hashes of a tile; anything after them is ignored. `tile.width` is the
  // tile's width in the tree for which the proof is made. The result is valid until the next call. Throws Error if the
  // tile cannot be read.
  virtual std::string_view read(const Tile& tile) = 0;
};

// These functions read each tile that they need once: about two for each tile level, whatever the size. They throw
// Error(kInvalid) if there is no such leaf or prefix of the tree, Error(kCorrupt) if a tile is too short, and whatever
// the reader throws. They trust the tiles: a proof made from wrong tiles is wrong and fails its check. `edge` is the
// tree of `size` leaves, if the caller has it; it saves the reads at the right edge, a third of the work.
Proof inclusion_proof(std::uint64_t index, std::uint64_t size, TileReader& tiles, const CompactRange* edge = nullptr);
// The proof is empty for old_size 0 and for old_size = size.
Proof consistency_proof(std::uint64_t old_size, std::uint64_t size, TileReader& tiles,
                        const CompactRange* edge = nullptr);
// The root of the first `size` leaves.
Hash tree_root(std::uint64_t size, TileReader& tiles);
// The tree of the first `size` leaves, to which leaves can be added.
CompactRange compact_range(std::uint64_t size, TileReader& tiles);

// Whether `proof` proves that the leaf with this hash is number `index` of the tree with this size and root. Accepts
// any numbers and any number of hashes.
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf_hash, std::span<const Hash> proof,
                      const Hash& root) noexcept;

// How to treat old_size 0. Every tree extends the empty one, so accepting it proves nothing about the other tree.
enum class EmptyTree {
  kRefuse,  // old_size 0 always fails
  kAccept,  // old_size 0 with the empty root and no hashes is consistent with any tree
};
// Whether `proof` proves that the tree with `size` and `root` begins with the tree with `old_size` and `old_root`.
// Accepts any numbers and any number of hashes.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Hash> proof, const Hash& old_root,
                        const Hash& root, EmptyTree empty = EmptyTree::kRefuse) noexcept;

// The proof of one entry as a file (c2sp.org/tlog-proof): everything that a verifier needs besides the entry and the
// log's key.
struct TlogProof {
  std::optional<std::string> extra;  // any bytes, which nothing protects
  std::uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // a signed note, as it was published
};
// Parses strictly: format_tlog_proof restores the same bytes. The checkpoint must be a well-formed note; the caller
// must check its signatures and its text. Returns nullopt for anything else.
std::optional<TlogProof> parse_tlog_proof(std::string_view octets);
// Throws Error(kInvalid) if parse_tlog_proof would reject the result.
std::string format_tlog_proof(const TlogProof& proof);

}  // namespace plog::ledger
