// Pairs of integers in memory as a table of a connection, so that one statement can insert them all.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <vector>

namespace plog::store::sqlite {

struct Pair {
  std::int64_t first, second;
  auto operator<=>(const Pair&) const = default;
};

// Makes `name` a read-only table with the columns `first` and `second`, whose rows are what `pairs` holds while a
// statement reads it, in that order. `pairs` must live as long as the connection. Throws.
void add_pairs_table(sqlite3* db, const char* name, const std::vector<Pair>* pairs);

}  // namespace plog::store::sqlite
