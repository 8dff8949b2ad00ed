// Inclusion and consistency proofs (RFC 9162 sections 2.1.3 and 2.1.4), made from tiles and checked without them.
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

// No proof in a tree of less than 2^64 leaves is longer.
inline constexpr std::size_t kMaxInclusionHashes = 64;
inline constexpr std::size_t kMaxConsistencyHashes = 65;

// Gives the octets of tiles: from the database, a directory, a server.
class TileReader {
 public:
  virtual ~TileReader() = default;
  // At least the first `tile.width` hashes of a tile; what follows them is ignored. `tile.width` is what the tile has
  // in the tree that the proof is made for. The octets are borrowed until the next call. Throws Error when it cannot.
  virtual std::string_view read(const Tile& tile) = 0;
};

// The makers read each tile they need once: some two for each tile level, whatever the size. Throw Error(kInvalid) when
// the numbers are no leaf or prefix of the tree, Error(kCorrupt) for a tile that is too short, and what the reader
// throws. They trust the tiles: proofs made of wrong ones are wrong, and their check fails. `edge`: the tree of `size`
// leaves, from one who has it; saves a third of the work, that for the right edge.
Proof inclusion_proof(std::uint64_t index, std::uint64_t size, TileReader& tiles, const CompactRange* edge = nullptr);
// Empty for old_size 0 and for old_size = size.
Proof consistency_proof(std::uint64_t old_size, std::uint64_t size, TileReader& tiles,
                        const CompactRange* edge = nullptr);
// The root of the first `size` leaves.
Hash tree_root(std::uint64_t size, TileReader& tiles);
// The tree of the first `size` leaves, to go on from.
CompactRange compact_range(std::uint64_t size, TileReader& tiles);

// Whether `proof` shows that the leaf with this hash is number `index` of the tree with this size and root. Total: any
// numbers, any number of hashes.
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf_hash, std::span<const Hash> proof,
                      const Hash& root) noexcept;

// Every tree extends the empty one, so that a "proof" of it shows nothing of the other tree.
enum class EmptyTree {
  kRefuse,  // old_size 0 is never proved
  kAccept,  // old_size 0 with the empty root and no hashes is consistent with any tree
};
// Whether `proof` shows that the tree with size and root begins with the tree with old_size and old_root. Total: any
// numbers, any number of hashes.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Hash> proof, const Hash& old_root,
                        const Hash& root, EmptyTree empty = EmptyTree::kRefuse) noexcept;

// The proof of one entry as a file (c2sp.org/tlog-proof): all a verifier needs besides the entry and the log's key.
struct TlogProof {
  std::optional<std::string> extra;  // octets
  std::uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // a signed note, as it was published
};
// Strict: format_tlog_proof gives back the same octets. The checkpoint must be a well-formed note; who signed it, and
// what it says, is for the caller to check. nullopt for anything else.
std::optional<TlogProof> parse_tlog_proof(std::string_view octets);
// Throws Error(kInvalid) for what parse_tlog_proof would refuse.
std::string format_tlog_proof(const TlogProof& proof);

}  // namespace plog::ledger
