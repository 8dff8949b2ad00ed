#include "writer/ledger_tree.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "event/octets.h"

namespace plog::writer {
namespace {

constexpr std::size_t kPageRows = 4096;
constexpr std::size_t kMaxMissing = 1'000'000;

}  // namespace

void LedgerTree::start(store::Transaction& transaction, const ledger::CompactRange& tree) {
  appender_ = ledger::TileAppender(tree);
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const std::uint64_t nodes = level * ledger::kTileHeight < 64 ? tree.size() >> (level * ledger::kTileHeight) : 0;
    Edge& edge = edges_[level];
    edge.index = nodes / ledger::kTileWidth;
    edge.bytes.clear();
    if (nodes % ledger::kTileWidth != 0) edge.bytes = transaction.tile(level, edge.index);
  }
}

bool LedgerTree::load(store::Transaction& transaction) {
  const std::uint64_t stored = transaction.tree_size(), size = transaction.size();
  store::TransactionTiles tiles(transaction);
  bool sound = true;
  try {
    start(transaction, ledger::compact_range(std::min(stored, size), tiles));
  } catch (const Error& error) {
    if (error.status() != Status::kCorrupt) throw;
    sound = false;
    start(transaction, ledger::CompactRange());
  }
  if (sound && stored == size) return false;
  cut(transaction, appender_.tree().size());
  extend(transaction);
  return true;
}

// Removes the hashes that a tree of `size` leaves does not have from the stored tiles.
void LedgerTree::cut(store::Transaction& transaction, std::uint64_t size) {
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const std::uint64_t index = edges_[level].index;
    transaction.cut_tiles(level, index);
    const std::size_t bytes = std::size_t{ledger::tile_width(level, index, size)} * ledger::kHashSize;
    edges_[level].bytes.resize(bytes);
    if (bytes > 0) transaction.put_tile(level, index, edges_[level].bytes);
  }
}

// Appends the events that the tree lacks. A commit index without a valid event gets a leaf that no event can have, so
// verification keeps reporting it.
void LedgerTree::extend(store::Transaction& transaction) {
  static const ledger::Hash kNoEvent = ledger::hash_leaf({});
  store::Filter filter;
  filter.include_system = true;
  if (size() > 0) filter.after = size() - 1;
  std::vector<store::EventRow> rows;
  std::size_t missing = 0;
  for (bool more = true; more;) {
    rows.clear();
    more = store_.page(filter, kPageRows, rows);
    for (const store::EventRow& row : rows) {
      for (; size() < row.commit_index; appender_.append(kNoEvent)) {
        if (++missing > kMaxMissing) {
          throw Error(Status::kCorrupt, "cannot rebuild the ledger's tree: more than 1000000 events are missing");
        }
      }
      try {
        append_stored(row);
      } catch (const Error& error) {
        if (error.status() != Status::kCorrupt) throw;
        appender_.append(kNoEvent);
      }
    }
    flush(transaction);
  }
  if (size() != transaction.size()) {
    throw Error(Status::kCorrupt, "cannot rebuild the ledger's tree: the events cannot be read in commit order");
  }
}

ledger::Hash LedgerTree::root_of(store::Transaction& transaction, std::uint64_t size) {
  flush(transaction);
  store::TransactionTiles tiles(transaction);
  return ledger::tree_root(size, tiles);
}

void LedgerTree::append(const store::NewRow& row) {
  const event::Prepared& event = *row.event;
  ledger::Leaf leaf;
  leaf.agent = row.agent;
  leaf.id = event.index.id;
  leaf.sequence = row.sequence;
  leaf.hash = row.hash;
  leaf.prev_hash = row.prev_hash;
  ledger::Hash warnings;
  if (!event.warnings.empty()) {
    warnings = ledger::warnings_digest(event.warnings, event::salt_of(event.canonical));
    leaf.warnings = &warnings;
  }
  appender_.append(ledger::leaf_hash(leaf, leaf_));
}

// Appends the leaf of a committed event. Throws kCorrupt if the row is not an event.
void LedgerTree::append_stored(const store::EventRow& row) {
  if (row.erased) {
    ledger::Leaf leaf;
    leaf.agent = row.erased->agent;
    leaf.id = row.erased->id;
    leaf.sequence = row.sequence;
    leaf.hash = row.hash;
    leaf.prev_hash = row.prev_hash;
    if (row.erased->warnings) leaf.warnings = &*row.erased->warnings;
    appender_.append(ledger::leaf_hash(leaf, leaf_));
    return;
  }
  event::Prepared event;
  event.canonical = row.canonical;
  event.warnings = row.warnings;
  event.index = event::index_of(row.canonical);
  std::string buffer;
  append({&event, event::text_of(event, event.index.agent, buffer), row.sequence, row.hash, row.prev_hash});
}

void LedgerTree::flush(store::Transaction& transaction) {
  appender_.take([&](const ledger::TileAppender::Addition& addition) {
    Edge& edge = edges_[addition.level];
    if (edge.index != addition.index) {
      edge.index = addition.index;
      edge.bytes.clear();
    }
    edge.bytes.resize(std::size_t{addition.first} * ledger::kHashSize);
    edge.bytes += addition.octets;
    transaction.put_tile(addition.level, addition.index, edge.bytes);
  });
}

}  // namespace plog::writer
