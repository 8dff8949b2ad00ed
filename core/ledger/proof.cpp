#include "ledger/proof.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "crypto/note.h"
#include "ledger/lines.h"

namespace plog::ledger {
namespace {

constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

// The node hashes of a tree of `size` leaves. Reads each tile once.
class Nodes {
 public:
  Nodes(std::uint64_t size, TileReader& tiles, const CompactRange* edge) : size_(size), tiles_(tiles), edge_(edge) {
    if (edge != nullptr && edge->size() != size)
      throw Error(Status::kInvalid, "cannot make the proof: the tree at hand has another size");
  }

  // The hash of a complete node.
  Hash node(unsigned level, std::uint64_t index) {
    const TilePlace place = place_of(level, index);
    return tile_hash(octets(place.tile_level, place.tile_index), place.first, place.count);
  }

  // The root over the leaves [begin, end). The range must be a subtree that a proof can contain: `begin` is a multiple
  // of a power of two that is at least end - begin.
  Hash range(std::uint64_t begin, std::uint64_t end) {
    if (edge_ != nullptr && end == size_ && on_edge(begin)) {
      return fold(edge_->hashes().subspan(static_cast<std::size_t>(std::popcount(begin))));
    }
    const std::uint64_t size = end - begin;
    const auto smallest = static_cast<unsigned>(std::countr_zero(size));
    std::uint64_t done = std::uint64_t{1} << smallest;
    Hash hash = node(smallest, (end - done) >> smallest);
    for (std::uint64_t rest = size - done; rest != 0; rest &= rest - 1) {
      const auto level = static_cast<unsigned>(std::countr_zero(rest));
      done += std::uint64_t{1} << level;
      hash = hash_node(node(level, (end - done) >> level), hash);
    }
    return hash;
  }

 private:
  std::string_view octets(unsigned level, std::uint64_t index) {
    for (const auto& [tile, octets] : read_) {
      if (tile.level == level && tile.index == index) return octets;
    }
    const Tile tile{level, index, tile_width(level, index, size_)};
    std::string_view octets = tiles_.read(tile).substr(0, std::size_t{tile.width} * kHashSize);
    return read_.emplace_back(tile, octets).second;
  }

  // Whether the leaves before `begin` are exactly the first subtrees of the edge: then the set bits of `begin` are the
  // highest set bits of the size.
  bool on_edge(std::uint64_t begin) const noexcept { return begin == 0 || (size_ & ~((begin & -begin) - 1)) == begin; }
  static Hash fold(std::span<const Hash> hashes) noexcept {
    Hash hash = hashes.back();
    for (std::size_t i = hashes.size() - 1; i > 0; --i) hash = hash_node(hashes[i - 1], hash);
    return hash;
  }

  std::uint64_t size_;
  TileReader& tiles_;
  const CompactRange* edge_;
  std::vector<std::pair<Tile, std::string>> read_;
};

// The leaf at which RFC 6962 splits the leaves [begin, end).
std::uint64_t middle(std::uint64_t begin, std::uint64_t end) noexcept {
  return begin + std::bit_floor(end - begin - 1);
}

// Moves up to the next level at which the node has a left sibling, as RFC 9162 does for the last node of a level.
void skip_even(std::uint64_t& fn, std::uint64_t& sn) noexcept {
  while ((fn & 1) == 0 && fn != 0) {
    fn >>= 1;
    sn >>= 1;
  }
}

std::string base64(std::string_view octets) {
  return base64_encode(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
}

}  // namespace

Proof inclusion_proof(std::uint64_t index, std::uint64_t size, TileReader& tiles, const CompactRange* edge) {
  if (index >= size) {
    throw Error(Status::kInvalid,
                "cannot prove leaf " + std::to_string(index) + ": the tree has " + std::to_string(size) + " leaves");
  }
  Nodes nodes(size, tiles, edge);
  Proof proof;
  for (std::uint64_t begin = 0, end = size; end - begin > 1;) {
    const std::uint64_t split = middle(begin, end);
    if (index < split) {
      proof.push_back(nodes.range(split, end));
      end = split;
    } else {
      proof.push_back(nodes.range(begin, split));
      begin = split;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Proof consistency_proof(std::uint64_t old_size, std::uint64_t size, TileReader& tiles, const CompactRange* edge) {
  if (old_size > size)
    throw Error(Status::kInvalid, "cannot prove consistency: the tree is smaller than the one that it should extend");
  if (old_size == 0) return {};
  Nodes nodes(size, tiles, edge);
  Proof proof;
  std::uint64_t begin = 0, end = size;
  while (old_size != end) {
    const std::uint64_t split = middle(begin, end);
    if (old_size <= split) {
      proof.push_back(nodes.range(split, end));
      end = split;
    } else {
      proof.push_back(nodes.range(begin, split));
      begin = split;
    }
  }
  // If the remaining subtree is the whole old tree, the verifier already knows its root.
  if (begin != 0) proof.push_back(nodes.range(begin, end));
  std::reverse(proof.begin(), proof.end());
  return proof;
}

CompactRange compact_range(std::uint64_t size, TileReader& tiles) {
  Nodes nodes(size, tiles, nullptr);
  std::vector<Hash> hashes;
  std::uint64_t begin = 0;
  for (std::uint64_t rest = size; rest != 0;) {
    const std::uint64_t part = std::bit_floor(rest);
    hashes.push_back(nodes.range(begin, begin + part));
    begin += part;
    rest -= part;
  }
  return CompactRange(size, hashes);
}

Hash tree_root(std::uint64_t size, TileReader& tiles) { return compact_range(size, tiles).root(); }

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf_hash, std::span<const Hash> proof,
                      const Hash& root) noexcept {
  if (index >= size) return false;
  std::uint64_t fn = index, sn = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      hash = hash_node(sibling, hash);
      skip_even(fn, sn);
    } else {
      hash = hash_node(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Hash> proof, const Hash& old_root,
                        const Hash& root, EmptyTree empty) noexcept {
  if (old_size > size) return false;
  if (old_size == 0) {
    return empty == EmptyTree::kAccept && proof.empty() && old_root == empty_root() &&
           (size != 0 || root == empty_root());
  }
  if (old_size == size) return proof.empty() && old_root == root;
  if (proof.empty()) return false;
  // If the old tree is complete, its root is the first node of the path and not part of the proof.
  const bool complete = std::has_single_bit(old_size);
  const Hash first = complete ? old_root : proof.front();
  if (!complete) proof = proof.subspan(1);
  std::uint64_t fn = old_size - 1, sn = size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash old_hash = first, hash = first;
  for (const Hash& sibling : proof) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      old_hash = hash_node(sibling, old_hash);
      hash = hash_node(sibling, hash);
      skip_even(fn, sn);
    } else {
      hash = hash_node(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && old_hash == old_root && hash == root;
}

std::optional<TlogProof> parse_tlog_proof(std::string_view octets) {
  TlogProof proof;
  std::optional<std::string_view> line = take_line(octets);
  if (!line || *line != kProofHeader) return std::nullopt;
  line = take_line(octets);
  if (line && line->starts_with(kExtra)) {
    proof.extra = base64_decode(line->substr(kExtra.size()));
    if (!proof.extra) return std::nullopt;
    line = take_line(octets);
  }
  if (!line || !line->starts_with(kIndex)) return std::nullopt;
  const std::optional<std::uint64_t> index = parse_decimal(line->substr(kIndex.size()));
  if (!index) return std::nullopt;
  proof.index = *index;
  while ((line = take_line(octets)) && !line->empty()) {
    const std::optional<Hash> hash = parse_hash(*line);
    if (!hash || proof.hashes.size() == kMaxInclusionHashes) return std::nullopt;
    proof.hashes.push_back(*hash);
  }
  if (!line || !crypto::parse_note(octets)) return std::nullopt;
  proof.checkpoint = octets;
  return proof;
}

std::string format_tlog_proof(const TlogProof& proof) {
  if (proof.hashes.size() > kMaxInclusionHashes)
    throw Error(Status::kInvalid, "cannot write the proof: an inclusion proof has at most 64 hashes");
  if (!crypto::parse_note(proof.checkpoint))
    throw Error(Status::kInvalid, "cannot write the proof: its checkpoint is not a signed note");
  std::string out(kProofHeader);
  out += '\n';
  if (proof.extra) {
    out += kExtra;
    out += base64(*proof.extra);
    out += '\n';
  }
  out += kIndex;
  out += std::to_string(proof.index);
  out += '\n';
  for (const Hash& hash : proof.hashes) {
    out += base64_encode(hash.data(), hash.size());
    out += '\n';
  }
  out += '\n';
  out += proof.checkpoint;
  return out;
}

}  // namespace plog::ledger
