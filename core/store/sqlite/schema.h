// The tables of a ledger, their versions, and the creation of a ledger. docs/ledger-schema.md describes the tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/sqlite/connection.h"

namespace plog::store::sqlite {

inline constexpr std::int64_t kApplicationId = 0x504c4f47;  // "PLOG"
// The version of the tables (PRAGMA user_version). Each migration raises it by one.
inline constexpr std::int64_t kSchemaVersion = 3;
// The newest reader and writer formats that this library supports. A ledger's meta keys format_reader and format_writer
// name the lowest that it requires.
inline constexpr std::int64_t kFormatReader = 2;
inline constexpr std::int64_t kFormatWriter = 3;

// 2^10 rows of `event` share one row of `time_block`: block = commit_index >> kTimeBlockShift.
inline constexpr std::int64_t kTimeBlockShift = 10;

// The key of a tile in the table `tile`: the level in the top byte, then the index.
constexpr std::int64_t tile_place(unsigned level, std::uint64_t index) noexcept {
  return static_cast<std::int64_t>(std::uint64_t{level} << 56 | index);
}
inline constexpr std::string_view kSelectTile = "SELECT hashes FROM tile WHERE place = ?1";

// Whether the ledger has a table. A ledger that an older library wrote lacks `tile` (before version 2 of the schema) or
// `erased` (before version 3) until a newer one writes to it.
bool has_table(Connection& connection, std::string_view name);

// Creates a ledger without events at `path` (0600), which must not exist. A crash leaves an incomplete file.
void build_ledger(const std::string& path);
// Creates a ledger without events at `path` (0600), atomically. With `replace`, replaces the file at `path`, which must
// be empty; the caller must hold the writer lock. Without `replace`, an existing file is kept, and that is not an
// error.
void create_ledger(const std::string& path, bool replace);

// Throws kCorrupt if the connection's file is not a ledger, and kUnsupported if it requires a newer reader.
void check_readable(Connection& connection);
// As check_readable(); also throws kUnsupported if the ledger requires a newer writer, and kCorrupt if its schema
// contains triggers or views.
void check_writable(Connection& connection);
// Creates the tables of a schema version in an empty database.
void make_schema(Connection& connection, std::int64_t version);
// Migrates older tables to kSchemaVersion, each step in its own transaction. Does nothing if they are newer.
void migrate(Connection& connection);

}  // namespace plog::store::sqlite
