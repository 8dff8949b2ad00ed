// Verification of stored events: each row by itself, block by block (on any number of threads), and the links between
// rows (on one thread, in order). Works on what a store has read; does no I/O.
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

// The texts of an event that its row repeats for filters.
enum class Column { kSession, kSource, kType, kName, kStatus };
inline constexpr std::size_t kColumns = 5;

// What the ledger keeps of the content of an erased event.
struct Erasure {
  std::optional<std::string> warnings;  // the warnings_digest() in its leaf, 32 bytes; nullopt if it had no warnings
};

// One stored row, as it was read. Its texts must outlive it.
struct StoredEvent {
  std::uint64_t commit_index = 0;
  std::string_view agent;  // the name in the agent column
  std::uint64_t sequence = 0;
  Uuid id{};
  std::string_view hash;       // 32 bytes unless the row is damaged
  std::string_view prev_hash;  // 32 bytes unless the row is damaged
  std::string_view canonical;
  std::string_view warnings;
  bool has_warnings = false;         // the column is not NULL
  const Erasure* erasure = nullptr;  // not null if the event was erased; canonical and warnings are then empty
  std::string_view fault;            // found by the reader: a column of a wrong type, a dangling reference; or empty
  // The members below are set only if columns are verified.
  std::array<std::optional<std::string_view>, kColumns> texts;
  Micros time = 0;
  const event::Index* index = nullptr;  // of `canonical`; null if that is not an event
};

// The leaf that the tree must have for a row. Points into `buffer`.
std::string_view leaf_octets_of(const StoredEvent& event, Buffer& buffer);

// The number of rows that are read and hashed together. Each block starts at a multiple of it.
inline constexpr std::uint64_t kBlockRows = 16 * kTileWidth;

// What was found in one block of rows. Checks that need neighbouring blocks come later.
struct Block {
  struct Row {
    std::uint64_t commit_index = 0, sequence = 0;
    std::string_view agent;      // points into `names`
    Digest hash{}, prev_hash{};  // zeros unless 32 bytes are stored
    bool has_prev_hash = false;  // 32 bytes are stored
  };
  // A row whose hash does not match its canonical bytes and prev_hash.
  struct Unsound {
    std::uint32_t row = 0;
    Digest computed{};
    std::string canonical;
  };
  struct Fault {
    std::uint32_t row = 0;
    std::string what;
  };
  // The root over a full tile: computed from the rows, and from the stored tile (the same if that is missing).
  struct Roots {
    Hash rows{}, tile{};
  };

  std::uint64_t first = 0;
  std::vector<Row> rows;
  std::deque<std::string> names;
  std::vector<Unsound> unsound;      // by row
  std::vector<Fault> types, others;  // by row
  std::vector<Hash> leaves;          // one for each place from `first` on; a place without a row has the empty leaf's
  std::vector<Roots> roots;          // one for each full tile
  std::vector<std::string> tile_faults;  // tiles that are missing or have another size
};

struct BlockOptions {
  std::string agent;         // checks rows of this agent only; others just keep their place in the tree; empty: all
  bool tree = true;          // leaves and tiles
  bool columns = false;      // the form of the canonical bytes, and the columns that repeat them
  std::uint64_t leaves = 0;  // number of leaves of the stored tree
  Checks checks;
};

// Verifies one block at a time and can be reused for the next. Not thread-safe.
class BlockVerifier {
 public:
  explicit BlockVerifier(BlockOptions options) : options_(std::move(options)) {}

  // Begins the block of the places [first, end), at most kBlockRows of them, and drops the previous block.
  void start(std::uint64_t first, std::uint64_t end);
  // Adds the row of one of these places. Rows must come in order.
  void add(const StoredEvent& event);
  // After all rows: adds the tiles of level 0 over them, in order.
  void add_tile(std::uint64_t index, std::string_view hashes);
  // Adds a fault that the caller found in a row of the block.
  void add_fault(std::uint64_t commit_index, std::string_view what);
  // Returns the result, which is valid until the next start().
  Block& finish();

 private:
  struct Pending {
    std::uint32_t row = 0;
    std::size_t canonical = 0, canonical_size = 0;  // in arena_, followed by prev_hash in hexadecimal
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

// Verifies the links between rows: commit indexes from 0 and, for each agent, sequences from 1, both without gaps; and
// each prev_hash is the agent's previous hash. After a fault it continues from the stored values, so each fault is
// found once. Memory: one entry for each agent.
class ChainVerifier {
 public:
  // With an agent, only the commit index of other agents' rows is checked.
  ChainVerifier(std::string agent, Checks checks, Findings& findings);

  // Starts at place `next`, because a trusted head covers everything before it. `before(agent, sequence)` returns the
  // hash of the row with that sequence if the head covers it.
  using Before = std::function<std::optional<Digest>(std::string_view, std::uint64_t)>;
  void resume(std::uint64_t next, Before before);

  // Adds the next block. Blocks must come in order.
  void add(const Block& block);

  std::uint64_t events() const noexcept { return events_; }  // number of verified events
  std::uint64_t agents() const noexcept { return agents_; }  // number of their agents
  std::uint64_t rows() const noexcept { return next_index_; }

 private:
  struct Head {
    std::uint64_t sequence = 0;
    Digest hash{};      // as stored
    Digest computed{};  // as computed; differs from `hash` only if the row is at fault
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
  std::string_view last_agent_;  // a key of heads_; saves look-ups, because most rows have the agent of the row before
  Head* last_head_ = nullptr;
  std::uint64_t next_index_ = 0, events_ = 0, agents_ = 0;
  Before before_;
};

}  // namespace plog::ledger
