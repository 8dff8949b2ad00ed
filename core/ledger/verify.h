// Verification of stored events: what each row says of itself, block by block (any number of threads), and how the rows
// are linked (one thread, in order). Pure functions over what a store read. No I/O here.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "crypto/sha256_many.h"
#include "event/prepared.h"
#include "ledger/checks.h"
#include "ledger/tile.h"
#include "ledger/verdict.h"

namespace plog::ledger {

// The texts that a row repeats for filters.
enum class Column { kSession, kSource, kType, kName, kStatus };
inline constexpr std::size_t kColumns = 5;

// One stored row, as it was read; texts are borrowed.
struct StoredEvent {
  std::uint64_t commit_index = 0;
  std::string_view agent;  // the name in the agent column
  std::uint64_t sequence = 0;
  Uuid id{};
  std::string_view hash;       // 32 octets when sound
  std::string_view prev_hash;  // 32 octets when sound
  std::string_view canonical;
  std::string_view warnings;
  bool has_warnings = false;  // the column is not NULL
  std::string_view fault;     // what the reader found: a column of a wrong type, a dangling reference; empty: nothing
  // Only where columns are verified.
  std::array<std::optional<std::string_view>, kColumns> texts;
  Micros time = 0;
  const event::Index* index = nullptr;  // of the octets; null when they are no event
};

// What the tree has to hold of a row. Borrowed from `buffer`.
std::string_view leaf_octets_of(const StoredEvent& event, Buffer& buffer);

// Rows of a block are read, and hashed, together. A block starts at a multiple of it.
inline constexpr std::uint64_t kBlockRows = 16 * kTileWidth;

// What one block of rows was found to be; the rest needs its neighbours.
struct Block {
  struct Row {
    std::uint64_t commit_index = 0, sequence = 0;
    std::string_view agent;      // in `names`
    Digest hash{}, prev_hash{};  // zeros unless 32 octets are stored
    bool has_prev_hash = false;  // 32 octets are
  };
  // A row whose hash does not cover its octets.
  struct Unsound {
    std::uint32_t row = 0;
    Digest computed{};
    std::string canonical;
  };
  struct Fault {
    std::uint32_t row = 0;
    std::string what;
  };
  // The root over a full tile: of the rows, and of the tile as it is stored (the same where that is missing).
  struct Roots {
    Hash rows{}, tile{};
  };

  std::uint64_t first = 0;
  std::vector<Row> rows;
  std::deque<std::string> names;
  std::vector<Unsound> unsound;      // by row
  std::vector<Fault> types, others;  // by row
  std::vector<Hash> leaves;          // one for each place from `first` on; a place without a row has that of no event
  std::vector<Roots> roots;          // one for each full tile
  std::vector<std::string> tile_faults;  // of tiles that are missing or have another size
};

struct BlockOptions {
  std::string agent;         // rows of others only count for their place in the tree; empty: all
  bool tree = true;          // leaves and tiles
  bool columns = false;      // columns against the octets, and the octets' form
  std::uint64_t leaves = 0;  // of the stored tree
  Checks checks;
};

// One block at a time; reused for the next. An object belongs to one thread at a time.
class BlockVerifier {
 public:
  explicit BlockVerifier(BlockOptions options) : options_(std::move(options)) {}

  // Begins the block of the places [first, end), at most kBlockRows of them; forgets what was added before.
  void start(std::uint64_t first, std::uint64_t end);
  // Rows of these places, in order.
  void add(const StoredEvent& event);
  // Then the tiles of level 0 over them, in order.
  void add_tile(std::uint64_t index, std::string_view hashes);
  // Something else that is wrong with a row of the block.
  void add_fault(std::uint64_t commit_index, std::string_view what);
  // The result; borrowed until the next start.
  Block& finish();

 private:
  struct Pending {
    std::uint32_t row = 0;
    std::size_t canonical = 0, canonical_size = 0;  // in arena_; followed by the hexadecimal text of prev_hash
    std::size_t leaf = 0, leaf_size = 0;            // in arena_
    bool chain = false;
    bool has_hash = false;
  };

  std::string_view name_of(std::string_view agent);
  bool wanted(const StoredEvent& event) const { return options_.agent.empty() || options_.agent == event.agent; }
  void add_leaf(const StoredEvent& event, Pending& pending);
  void check_contents(const StoredEvent& event, std::uint32_t row);
  void hash_pending();
  void compare_leaves(std::uint64_t index, std::string_view hashes);
  void close_tile(std::uint64_t index, std::optional<std::string_view> hashes);

  const BlockOptions options_;
  Block block_;
  std::uint64_t end_ = 0;
  std::uint64_t next_tile_ = 0;
  std::vector<std::uint8_t> present_;
  std::vector<std::uint32_t> row_at_;
  Buffer arena_, leaf_;
  std::vector<Pending> pending_;
  std::vector<HashInput> inputs_;
  std::vector<Digest> digests_;
};

// How rows are linked: gapless commit index from 0; per agent gapless sequence from 1, and each prev_hash the hash
// before it. Continues after a fault from what is stored, so that each fault is found once. Memory: one entry for each
// agent.
class ChainVerifier {
 public:
  // With an agent: rows of others only count for the commit index.
  ChainVerifier(std::string agent, Checks checks, Findings& findings);

  // Goes on from place `next`, all before being vouched for. `before(agent, sequence)` gives the hash of the row with
  // that sequence, if it is vouched for.
  using Before = std::function<std::optional<Digest>(std::string_view, std::uint64_t)>;
  void resume(std::uint64_t next, Before before);

  // Blocks in order.
  void add(const Block& block);

  std::uint64_t events() const noexcept { return events_; }  // verified
  std::uint64_t agents() const noexcept { return agents_; }  // of these
  std::uint64_t rows() const noexcept { return next_index_; }

 private:
  struct Head {
    std::uint64_t sequence = 0;
    Digest hash{};      // as stored
    Digest computed{};  // over the octets; the same unless that row is at fault
    bool counted = false;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  Head& head_of(const Block::Row& row);
  void link(const Block::Row& row, const Block::Unsound* unsound);
  void fault(const Block::Row& row, std::string_view what);

  const std::string only_;
  const Checks checks_;
  Findings& findings_;
  std::unordered_map<std::string, Head, TextHash, std::equal_to<>> heads_;
  std::string_view last_agent_;  // a key of heads_: most rows follow one of the same agent
  Head* last_head_ = nullptr;
  std::uint64_t next_index_ = 0, events_ = 0, agents_ = 0;
  Before before_;
};

}  // namespace plog::ledger
