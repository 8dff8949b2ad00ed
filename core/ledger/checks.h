// The checks that a verification makes, by name. All are made; tests switch single ones off to see that they are
// needed.
#pragma once

#include <cstdint>

namespace plog::ledger {

enum class Check : unsigned {
  kPlace,          // commit indexes without gaps
  kSequence,       // sequences without gaps
  kPrevHash,       // each row continues its chain
  kHash,           // each hash covers its octets
  kIdentity,       // agent and id of the row are those of the octets
  kTypes,          // columns have their types
  kLeaf,           // each row is what the tree holds at its place
  kTile,           // the tiles over the leaves are there, with their size
  kUpperTile,      // the tiles above hold the roots of those below
  kForeignTile,    // no other tiles are there
  kTreeSize,       // the tree has a leaf for each row
  kKeyEvent,       // keys and origins change as they may
  kHeadSignature,  // a head is signed by the key of its time
  kHeadSize,       // the ledger reaches its heads
  kHeadRoot,       // the ledger is what its heads were signed over
  kBranch,         // each change of origin was acknowledged
  kSchema,         // tables and indexes are those of a ledger
  kStructure,      // SQLite's own check of its pages and indexes
  kCanonical,      // octets are RFC 8785
  kColumn,         // each column says what the octets say
  kLabel,
  kReference,
  kActivity,
  kTimeBlock,
  kContext,
  kMeta,
};

struct Checks {
  std::uint64_t off = 0;  // bits, by Check

  bool has(Check check) const noexcept { return (off >> static_cast<unsigned>(check) & 1) == 0; }
  static Checks all_but(Check check) noexcept { return {std::uint64_t{1} << static_cast<unsigned>(check)}; }
};

}  // namespace plog::ledger
