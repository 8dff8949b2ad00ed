// Exposes pairs of integers in memory as a table of a connection, so that one statement can insert them all.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <vector>

namespace plog::store::sqlite {

struct Pair {
  std::int64_t first, second;
  auto operator<=>(const Pair&) const = default;
};

// Makes `name` a read-only table with the columns `first` and `second`. A statement that reads it gets the current
// contents of `pairs`, in order. `pairs` must outlive the connection. Throws SQLite's errors.
void add_pairs_table(sqlite3* db, const char* name, const std::vector<Pair>* pairs);

}  // namespace plog::store::sqlite
