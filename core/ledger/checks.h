// The checks of a verification, by name. A verification runs all of them. Tests switch single checks off to show that
// each is needed.
#pragma once

#include <cstdint>

namespace plog::ledger {

enum class Check : unsigned {
  kPlace,          // commit indexes have no gaps
  kSequence,       // sequences have no gaps
  kPrevHash,       // each row continues its chain
  kHash,           // each hash matches its canonical bytes
  kIdentity,       // agent and id of each row are those of its canonical bytes
  kTypes,          // columns have the right types
  kLeaf,           // each row matches its leaf in the tree
  kTile,           // all tiles over the leaves exist and have the right size
  kUpperTile,      // each tile above level 0 contains the roots of the tiles below it
  kForeignTile,    // there are no other tiles
  kTreeSize,       // the tree has a leaf for each row
  kKeyEvent,       // keys and origins change by the rules
  kHeadSignature,  // a head is signed by the key of its epoch
  kHeadSize,       // the ledger has all events that its heads cover
  kHeadRoot,       // the ledger's roots are those of its heads
  kBranch,         // each change of origin was acknowledged
  kSchema,         // the tables and indexes are those of a ledger
  kStructure,      // SQLite's own check of pages and indexes passes
  kCanonical,      // events and warnings are in RFC 8785 form
  kColumn,         // each column repeats the value of the canonical bytes
  kLabel,          // event_label has the labels of each event
  kReference,      // event_reference has the references of each event
  kActivity,       // activity has the right sums
  kTimeBlock,      // time_block has the right times
  kContext,        // label_context has the newest contexts
  kMeta,           // meta repeats what the events say
};

struct Checks {
  std::uint64_t off = 0;  // bit set of the checks that are switched off

  bool has(Check check) const noexcept { return (off >> static_cast<unsigned>(check) & 1) == 0; }
  static Checks all_but(Check check) noexcept { return {std::uint64_t{1} << static_cast<unsigned>(check)}; }
};

}  // namespace plog::ledger
