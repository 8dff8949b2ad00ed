// What verification reads from a ledger in addition to queries. It reports rows and differences; core/ledger judges
// them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/verify.h"

namespace plog::store {

// The extent of a ledger at one moment. Verification reads the rows up to `last`, which never change, and ignores later
// ones.
struct Extent {
  bool any = false;                  // the ledger has events
  std::int64_t first = 0, last = 0;  // the lowest and the highest commit index
  bool has_tree = false;  // the table `tile` exists (a library before version 2 of the schema does not create it)
  // The last stored tile of each level: its index and its size in bytes.
  struct Edge {
    bool any = false;
    std::uint64_t index = 0, octets = 0;
  };
  std::array<Edge, ledger::kTileLevels> edges;
  bool foreign_tiles = false;  // a key in `tile` is outside the range of tile places
  std::map<std::string, std::string> meta;

  std::uint64_t rows() const noexcept { return any && last >= 0 ? static_cast<std::uint64_t>(last) + 1 : 0; }
  std::uint64_t leaves() const noexcept {
    return edges[0].any ? edges[0].index * ledger::kTileWidth + edges[0].octets / ledger::kHashSize : 0;
  }
};

class RowVisitor {
 public:
  // Called before a block is read, and again if the read is repeated: discard what was reported for the block.
  virtual void start() {}
  virtual void row(const ledger::StoredEvent& event) = 0;
  virtual void tile(std::uint64_t /*index*/, std::string_view /*hashes*/) {}  // level 0 only
  // A table that filters use differs from the canonical bytes of the event at `commit_index`.
  virtual void fault(std::uint64_t /*commit_index*/, std::string_view /*what*/) {}

 protected:
  ~RowVisitor() = default;
};

// The number of rows that a set of events must have in the tables for labels and references.
struct FilterRows {
  std::uint64_t labels = 0, references = 0;
};

// Reads blocks of rows. One thread at a time. The store must outlive it.
class RowReader {
 public:
  virtual ~RowReader() = default;
  // Reports to `visitor`, in this order: the rows with first <= commit_index < end, ascending; with RowOptions::tiles,
  // the level 0 tiles over that range; with RowOptions::texts, faults in the tables for labels and references. If the
  // range has no row, returns the next commit index after it, or nullopt if there is none; otherwise returns nullopt.
  virtual std::optional<std::uint64_t> read(std::uint64_t first, std::uint64_t end, RowVisitor& visitor) = 0;
  // The counts for the rows of the last read().
  virtual FilterRows filter_rows() const = 0;

  // Reports one row of an agent's chain. False if it does not exist.
  virtual bool read_one(std::string_view agent, std::uint64_t sequence, RowVisitor& visitor) = 0;
  // Reports the reserved agent's rows with one of these action names and commit_index < end, in commit order.
  virtual void read_system(const std::vector<std::string_view>& names, std::uint64_t end, RowVisitor& visitor) = 0;
};

class ContextVisitor {
 public:
  virtual void start() = 0;                            // as in RowVisitor
  virtual void newer(std::string_view canonical) = 0;  // an event of the reserved agent after `last`
  virtual void row(std::string_view key, std::string_view value, std::string_view context) = 0;

 protected:
  ~ContextVisitor() = default;
};

// What a RowReader reads and checks in addition to the columns that chain and tree need.
struct RowOptions {
  bool tiles = false;
  bool texts = false;     // the columns that filters use
  ledger::Checks checks;  // with `texts`: kLabel and kReference select the tables to compare
};

using GoOn = std::function<bool()>;  // false stops the call, which then throws kCancelled

class Audit {
 public:
  virtual ~Audit() = default;

  // All calls: any thread; they throw what queries throw.
  virtual Extent extent() = 0;
  virtual std::unique_ptr<RowReader> row_reader(RowOptions options) = 0;
  // The differences between the schema and that of a ledger of the same version. Harmless additions are appended to
  // `notes`.
  virtual std::vector<std::string> schema_faults(std::vector<std::string>& notes) = 0;
  // The faults that SQLite's integrity check of pages, tables and indexes finds, at most 20. Reads the whole database.
  virtual std::vector<std::string> structure_faults(const GoOn& go_on) = 0;
  // Compares the number of rows in the tables for labels and references with `expected`, counted over the events up to
  // `last`, and looks for rows whose event does not exist.
  virtual std::vector<std::string> filter_faults(const FilterRows& expected, std::int64_t last,
                                                 ledger::Checks checks) = 0;
  // The differences between the tables `activity` and `time_block` and the events' columns.
  virtual std::vector<std::string> sum_faults(ledger::Checks checks, const GoOn& go_on) = 0;
  // Reports the reserved agent's events after `last`, then all contexts of labels, from one snapshot.
  virtual void contexts(std::int64_t last, ContextVisitor& visitor) = 0;
};

}  // namespace plog::store
