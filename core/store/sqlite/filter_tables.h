// The tables for labels and references against the octets of one block of events.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "store/audit.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/intern.h"
#include "store/sqlite/pairs.h"

namespace plog::store::sqlite {

class FilterTables {
 public:
  explicit FilterTables(ledger::Checks checks) : checks_(checks) {}

  void start() noexcept;
  // An event whose octets were read (`event.index`). Throws kCorrupt when they are not canonical after all.
  void add(Connection& connection, const ledger::StoredEvent& event);
  // After all rows with first <= commit_index < end, in their transaction.
  void compare(Connection& connection, std::uint64_t first, std::uint64_t end, RowVisitor& visitor);
  // What the tables must have for the events added since start().
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
  std::vector<std::pair<std::size_t, std::string>> seen_;  // references of one event
  FilterRows rows_;
  IdCache cache_;
  std::string first_, second_, fold_first_, fold_second_;
};

}  // namespace plog::store::sqlite
