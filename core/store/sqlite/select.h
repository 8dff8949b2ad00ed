// Translates filters to SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/uuid.h"
#include "store/filter.h"
#include "store/sqlite/connection.h"

namespace plog::store::sqlite {

// A SELECT statement and its parameters, in order.
struct Select {
  std::string sql;
  std::vector<std::variant<std::int64_t, std::string, Uuid>> parameters;
  void bind(Statement& statement) const;
};

// Selects the rows that match a filter, in its order and after `filter.after`; ignores limit and offset. `columns` is
// the column list, in which `e` is the table `event`. nullopt if no row can match, because the ledger does not have one
// of the filter's texts.
std::optional<Select> select_rows(Connection& connection, const Filter& filter, const char* columns);

// `SELECT count(*)` of the rows that match a filter; ignores `after`, limit and offset. Counts system events like all
// others; with `only_system`, counts them alone. nullopt if no row can match.
std::optional<Select> select_count(Connection& connection, const Filter& filter, bool only_system);

// The id of a text in the table `term`; nullopt if the table does not have it.
std::optional<std::int64_t> find_term(Connection& connection, std::string_view text);

}  // namespace plog::store::sqlite
