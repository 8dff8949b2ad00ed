// The leaf of an event: the part of a row that the tree commits to. It is the RFC 8785 form of
//   {"agent_id","hash","id","prev_hash","sequence","v":1,"warnings"}
// and thus contains the link of the chain and everything that the chain's hash does not cover.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/uuid.h"
#include "ledger/merkle.h"

namespace plog::ledger {

struct Leaf {
  std::string_view agent;  // valid UTF-8; must outlive the leaf
  Uuid id{};
  std::uint64_t sequence = 0;  // below 2^53
  Hash hash{};
  Hash prev_hash{};
  const Hash* warnings = nullptr;  // warnings_digest(...); null if the event has no warnings; must outlive the leaf
};

// The `warnings` of a leaf: SHA-256 of the canonical bytes of the event's validation_warnings array, followed by the
// value of its `salt` (decoded, without quotes; empty if the event has none).
Hash warnings_digest(std::string_view warnings, std::string_view salt) noexcept;

// Writes the bytes of the leaf to `buffer`, replacing its content. The result points into the buffer.
std::string_view leaf_octets(const Leaf& leaf, Buffer& buffer);

// hash_leaf(leaf_octets(leaf, buffer)).
Hash leaf_hash(const Leaf& leaf, Buffer& buffer);

}  // namespace plog::ledger
