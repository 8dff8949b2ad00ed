#include "client/tree.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "event/octets.h"

namespace plog::client {
namespace {

constexpr std::size_t kPageRows = 4096;
constexpr std::size_t kMaxMissing = 1'000'000;

}  // namespace

void LedgerTree::start(const ledger::CompactRange& tree) {
  appender_ = ledger::TileAppender(tree);
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const std::uint64_t nodes = level * ledger::kTileHeight < 64 ? tree.size() >> (level * ledger::kTileHeight) : 0;
    Edge& edge = edges_[level];
    edge.index = nodes / ledger::kTileWidth;
    edge.octets.clear();
    if (nodes % ledger::kTileWidth != 0) edge.octets = store_.own_tile(level, edge.index);
  }
}

bool LedgerTree::load() {
  const std::uint64_t stored = store_.tree_size(), size = store_.size();
  store::StoredTiles tiles(store_, store::StoredTiles::View::kTransaction);
  bool sound = true;
  try {
    start(ledger::compact_range(std::min(stored, size), tiles));
  } catch (const Error& error) {
    if (error.status() != Status::kCorrupt) throw;
    sound = false;
    start(ledger::CompactRange());
  }
  if (sound && stored == size) return false;
  cut(this->size());
  extend(size);
  return true;
}

// Removes from the stored tiles what a tree of `size` leaves has not.
void LedgerTree::cut(std::uint64_t size) {
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const std::uint64_t index = edges_[level].index;
    store_.cut_tiles(level, index);
    const std::size_t octets = std::size_t{ledger::tile_width(level, index, size)} * ledger::kHashSize;
    edges_[level].octets.resize(octets);
    if (octets > 0) store_.put_tile(level, index, edges_[level].octets);
  }
}

// Appends the events that the tree lacks. A place without a sound event gets a leaf that no event has, so that the
// place stays at fault.
void LedgerTree::extend(std::uint64_t size) {
  static const ledger::Hash kNoEvent = ledger::hash_leaf({});
  store::Filter filter;
  filter.include_system = true;
  if (this->size() > 0) filter.after = this->size() - 1;
  std::vector<store::EventRow> rows;
  std::string agent;
  std::size_t missing = 0;
  for (bool more = true; more;) {
    rows.clear();
    more = store_.page(filter, kPageRows, rows);
    for (const store::EventRow& row : rows) {
      for (; this->size() < row.commit_index; appender_.append(kNoEvent)) {
        if (++missing > kMaxMissing) throw Error(Status::kCorrupt, "the ledger lacks most of its events");
      }
      try {
        event::Prepared event;
        event.canonical = row.canonical;
        event.warnings = row.warnings;
        event.index = event::index_of(row.canonical);
        append(event, event::text_of(event, event.index.agent, agent), row.sequence, row.hash, row.prev_hash);
      } catch (const Error& error) {
        if (error.status() != Status::kCorrupt) throw;
        appender_.append(kNoEvent);
      }
    }
    flush();
  }
  if (this->size() != size) throw Error(Status::kCorrupt, "the ledger's events can't be read in their order");
}

ledger::Hash LedgerTree::root_of(std::uint64_t size) {
  flush();
  store::StoredTiles tiles(store_, store::StoredTiles::View::kTransaction);
  return ledger::tree_root(size, tiles);
}

void LedgerTree::append(const event::Prepared& event, std::string_view agent, std::uint64_t sequence,
                        const Digest& hash, const Digest& prev_hash) {
  ledger::Leaf leaf;
  leaf.agent = agent;
  leaf.id = event.index.id;
  leaf.sequence = sequence;
  leaf.hash = hash;
  leaf.prev_hash = prev_hash;
  ledger::Hash warnings;
  if (!event.warnings.empty()) {
    warnings = ledger::warnings_digest(event.warnings, event::salt_of(event.canonical));
    leaf.warnings = &warnings;
  }
  appender_.append(ledger::leaf_hash(leaf, leaf_));
}

void LedgerTree::flush() {
  appender_.take([&](const ledger::TileAppender::Addition& addition) {
    Edge& edge = edges_[addition.level];
    if (edge.index != addition.index) {
      edge.index = addition.index;
      edge.octets.clear();
    }
    edge.octets.resize(std::size_t{addition.first} * ledger::kHashSize);
    edge.octets += addition.octets;
    store_.put_tile(addition.level, addition.index, edge.octets);
  });
}

}  // namespace plog::client
