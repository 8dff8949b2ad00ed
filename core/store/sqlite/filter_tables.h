// Compares the tables for labels and references with the canonical bytes of one block of events.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "store/audit.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/intern.h"
#include "store/sqlite/pairs.h"

namespace plog::store::sqlite {

// One thread at a time.
class FilterTables {
 public:
  explicit FilterTables(ledger::Checks checks) : checks_(checks) {}

  void start() noexcept;
  // Adds an event, whose `index` must be set. Checks the references now and keeps the labels for compare(). Throws
  // kCorrupt if its bytes turn out not to be canonical.
  void add(Connection& connection, const ledger::StoredEvent& event);
  // Reports the differences to `visitor`. Call it once all rows with first <= commit_index < end are added, in the same
  // transaction.
  void compare(Connection& connection, std::uint64_t first, std::uint64_t end, RowVisitor& visitor);
  // The number of rows that the tables must have for the events added since start(). Complete after compare().
  const FilterRows& rows() const noexcept { return rows_; }

 private:
  std::int64_t label_of(Connection& connection, std::string_view member, std::string_view key, std::string_view value);
  void add_reference(Connection& connection, std::size_t kind, std::string_view raw, std::uint64_t commit_index);

  const ledger::Checks checks_;
  std::vector<Pair> labels_;  // (label, commit index)
  struct Missing {
    std::uint64_t commit_index;
    std::string_view what;
  };
  std::vector<Missing> missing_;
  std::vector<std::pair<std::size_t, std::string>> seen_;  // references of the current event
  FilterRows rows_;
  IdCache cache_;
  std::string first_, second_, fold_first_, fold_second_;
};

}  // namespace plog::store::sqlite
