// What verification reads of a ledger, beside what queries do. Nothing here is judged: that is for core/ledger.
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

// How far a ledger reached at one moment. What was committed by then never changes; what comes later is left alone.
struct Extent {
  bool any = false;                  // there are events
  std::int64_t first = 0, last = 0;  // the least and the greatest commit index
  bool has_tree = false;             // the tables are those of a library with trees
  // The last stored tile of each level: its index, and how many octets it has.
  struct Edge {
    bool any = false;
    std::uint64_t index = 0, octets = 0;
  };
  std::array<Edge, ledger::kTileLevels> edges;
  bool foreign_tiles = false;  // tiles with a key that is no place
  std::map<std::string, std::string> meta;

  std::uint64_t rows() const noexcept { return any && last >= 0 ? static_cast<std::uint64_t>(last) + 1 : 0; }
  std::uint64_t leaves() const noexcept {
    return edges[0].any ? edges[0].index * ledger::kTileWidth + edges[0].octets / ledger::kHashSize : 0;
  }
};

class RowVisitor {
 public:
  virtual void start() {}  // what came before is to be forgotten: the block is read (again)
  virtual void row(const ledger::StoredEvent& event) = 0;
  virtual void tile(std::uint64_t /*index*/, std::string_view /*hashes*/) {}  // of level 0
  // A table that filters read differs from what a row's octets say.
  virtual void fault(std::uint64_t /*commit_index*/, std::string_view /*what*/) {}

 protected:
  ~RowVisitor() = default;
};

// How many rows the tables for labels and for references must have for some events.
struct FilterRows {
  std::uint64_t labels = 0, references = 0;
};

// Reads blocks of rows. One thread at a time; the store outlives it.
class RowReader {
 public:
  virtual ~RowReader() = default;
  // Tells `visitor` of the rows with first <= commit_index < end, in order, then of the tiles over these places, then
  // (with `filters`) of faults in the tables for labels and references. When there was no row: the next commit index
  // behind them, or nullopt.
  virtual std::optional<std::uint64_t> read(std::uint64_t first, std::uint64_t end, RowVisitor& visitor) = 0;
  // For the rows of the last read.
  virtual FilterRows filter_rows() const = 0;

  // The row of an agent's chain; false when there is none.
  virtual bool read_one(std::string_view agent, std::uint64_t sequence, RowVisitor& visitor) = 0;
  // The reserved agent's rows with one of these action names and commit_index < end, in order.
  virtual void read_system(const std::vector<std::string_view>& names, std::uint64_t end, RowVisitor& visitor) = 0;
};

class ContextVisitor {
 public:
  virtual void start() = 0;                            // as in RowVisitor
  virtual void newer(std::string_view canonical) = 0;  // an event of the reserved agent, after those that are known
  virtual void row(std::string_view key, std::string_view value, std::string_view context) = 0;

 protected:
  ~ContextVisitor() = default;
};

// What a reader of rows reads, and looks after, besides what chain and tree need.
struct RowOptions {
  bool tiles = false;
  bool texts = false;     // the columns for filters
  ledger::Checks checks;  // with texts: kLabel and kReference
};

using GoOn = std::function<bool()>;  // false stops: kCancelled

class Audit {
 public:
  virtual ~Audit() = default;

  // Any thread. These throw what queries throw.
  virtual Extent extent() = 0;
  virtual std::unique_ptr<RowReader> row_reader(RowOptions options) = 0;
  // How the tables, indexes and whatever else the schema has differ from those of a ledger of this version; and, as
  // `notes`, what does no harm.
  virtual std::vector<std::string> schema_faults(std::vector<std::string>& notes) = 0;
  // What the database's own check of pages, tables and indexes says, as far as some twenty faults. Reads all of it.
  virtual std::vector<std::string> structure_faults(const GoOn& go_on) = 0;
  // Rows of the tables for labels and references that are none of `expected`, which was counted over the events up to
  // `last`.
  virtual std::vector<std::string> filter_faults(const FilterRows& expected, std::int64_t last,
                                                 ledger::Checks checks) = 0;
  // How the sums over agents, sessions and times differ from the events' columns.
  virtual std::vector<std::string> sum_faults(ledger::Checks checks, const GoOn& go_on) = 0;
  // The reserved agent's events after `last`, then all contexts of labels, of one moment.
  virtual void contexts(std::int64_t last, ContextVisitor& visitor) = 0;
};

}  // namespace plog::store
