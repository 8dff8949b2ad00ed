// The tables of a ledger, their versions, and how a ledger comes into being. docs/ledger-schema.md describes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/sqlite/connection.h"

namespace plog::store::sqlite {

inline constexpr std::int64_t kApplicationId = 0x504c4f47;  // "PLOG"
// The version of the tables (user_version), which migrations raise.
inline constexpr std::int64_t kSchemaVersion = 2;
// What this library can read and write. A ledger names the least that it asks of readers and of writers.
inline constexpr std::int64_t kFormatReader = 1;
inline constexpr std::int64_t kFormatWriter = 2;

// Rows of `event` that share one row of `time_block`.
inline constexpr std::int64_t kTimeBlockShift = 10;

// The key of a tile in the table `tile`: the level in the top octet, then the index.
constexpr std::int64_t tile_place(unsigned level, std::uint64_t index) noexcept {
  return static_cast<std::int64_t>(std::uint64_t{level} << 56 | index);
}
inline constexpr std::string_view kSelectTile = "SELECT hashes FROM tile WHERE place = ?1";

// Whether the ledger's tables include the tree's: those of an older library do not, until a newer one writes.
bool has_tree(Connection& connection);

// Makes a ledger without events at `path` (0600), complete or not at all. With `replace`, an empty file there is taken
// as none (the caller holds the writer lock); otherwise a file that is there already stays, and that is no error.
void create_ledger(const std::string& path, bool replace);

// Throws kCorrupt unless the connection's file is a ledger, and kUnsupported when it asks for a newer reader.
void check_readable(Connection& connection);
// The same, and throws kUnsupported when it asks for a newer writer, kCorrupt when it holds triggers or views.
void check_writable(Connection& connection);
// The tables of a version in an empty database.
void make_schema(Connection& connection, std::int64_t version);
// Brings older tables up to kSchemaVersion, each step in a transaction of its own.
void migrate(Connection& connection);

}  // namespace plog::store::sqlite
