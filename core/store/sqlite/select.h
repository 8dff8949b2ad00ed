// Filters as SQL.
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

// A statement and its parameters, in order. It asks `event e` for columns that the caller names.
struct Select {
  std::string sql;
  std::vector<std::variant<std::int64_t, std::string, Uuid>> parameters;
  void bind(Statement& statement) const;
};

// The rows that a filter wants, in its order, after `filter.after`, without limit and offset. nullopt when there can be
// none: a text that it asks for is nowhere in the ledger. `columns` may name columns of `e`.
std::optional<Select> select_rows(Connection& connection, const Filter& filter, const char* columns);

// `SELECT count(*)` of the rows that a filter wants, whatever `after`, limit and offset say. System events are counted
// as others are, unless `only_system`.
std::optional<Select> select_count(Connection& connection, const Filter& filter, bool only_system);

// The id of a text in `term`; nullopt when it is not there.
std::optional<std::int64_t> find_term(Connection& connection, std::string_view text);

}  // namespace plog::store::sqlite
