#include "ledger/merkle.h"

// hash_node calls the block function directly on input that it has padded itself: a node is two blocks, and the
// overhead of the general interface is as large as one block.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstring>

#include "base/error.h"

namespace plog::ledger {
namespace {

constexpr Hash kEmptyRoot = {0xE3, 0xB0, 0xC4, 0x42, 0x98, 0xFC, 0x1C, 0x14, 0x9A, 0xFB, 0xF4,
                             0xC8, 0x99, 0x6F, 0xB9, 0x24, 0x27, 0xAE, 0x41, 0xE4, 0x64, 0x9B,
                             0x93, 0x4C, 0xA4, 0x95, 0x99, 0x1B, 0x78, 0x52, 0xB8, 0x55};

constexpr std::size_t kNodeBlocks = 128;
constexpr std::size_t kNodeBits = 8 * (1 + 2 * sizeof(Hash));

}  // namespace

const Hash& empty_root() noexcept { return kEmptyRoot; }

Hash hash_leaf(std::string_view octets) noexcept {
  Hash hash;
  SHA256_CTX context;
  SHA256_Init(&context);
  const char prefix = 0;
  SHA256_Update(&context, &prefix, 1);
  SHA256_Update(&context, octets.data(), octets.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

Hash hash_node(const Hash& left, const Hash& right) noexcept {
  std::uint8_t blocks[kNodeBlocks] = {};
  blocks[0] = 1;
  std::memcpy(blocks + 1, left.data(), sizeof left);
  std::memcpy(blocks + 1 + sizeof left, right.data(), sizeof right);
  blocks[1 + 2 * sizeof left] = 0x80;
  blocks[kNodeBlocks - 2] = kNodeBits >> 8;
  blocks[kNodeBlocks - 1] = kNodeBits & 0xFF;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, blocks, sizeof blocks);
  Hash hash;
  for (std::size_t i = 0; i < 8; ++i) {
    const SHA_LONG word = context.h[i];
    for (std::size_t j = 0; j < 4; ++j) hash[4 * i + j] = static_cast<std::uint8_t>(word >> (24 - 8 * j));
  }
  return hash;
}

CompactRange::CompactRange(std::uint64_t size, std::span<const Hash> hashes) : size_(size) {
  if (hashes.size() != count())
    throw Error(Status::kCorrupt, "the stored tree is damaged: its number of hashes does not match its size");
  std::copy(hashes.begin(), hashes.end(), hashes_.begin());
}

Hash CompactRange::root() const noexcept {
  std::size_t at = count();
  if (at == 0) return kEmptyRoot;
  Hash root = hashes_[--at];
  while (at > 0) root = hash_node(hashes_[--at], root);
  return root;
}

}  // namespace plog::ledger
