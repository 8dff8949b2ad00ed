// The leaf of an event: what the tree commits of a row. It is the RFC 8785 form of
//   {"agent_id","hash","id","prev_hash","sequence","v":1,"warnings"}
// so it holds the link of the chain and all that the chain's hash leaves out.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/uuid.h"
#include "ledger/merkle.h"

namespace plog::ledger {

struct Leaf {
  std::string_view agent;  // valid UTF-8; borrowed
  Uuid id{};
  std::uint64_t sequence = 0;  // below 2^53
  Hash hash{};
  Hash prev_hash{};
  const Hash* warnings = nullptr;  // warnings_digest(...); null when the event has no warnings. Borrowed
};

// What a leaf commits of an event's warnings: SHA-256 of the canonical octets of its validation_warnings array followed
// by the value (decoded, without quotes) of its `salt`; the salt is empty when the event has none.
Hash warnings_digest(std::string_view warnings, std::string_view salt) noexcept;

// Writes the octets into `buffer`, whose content is replaced; the result is borrowed from it.
std::string_view leaf_octets(const Leaf& leaf, Buffer& buffer);

// hash_leaf(leaf_octets(leaf, buffer)).
Hash leaf_hash(const Leaf& leaf, Buffer& buffer);

}  // namespace plog::ledger
