// The write-ahead log that a deleted database leaves behind.
#pragma once

#include <string>

namespace plog::store::sqlite {

// Must be called before a database file is put at `path`, by the holder of its writer lock, and while there is no
// database at `path`: SQLite would apply the log of the deleted database to the new one. A log that contains anything
// is renamed to "<path>-wal.orphaned-<random>". Throws kIo.
void set_orphaned_log_aside(const std::string& path);

// Whether there is a log at `path` that set_orphaned_log_aside would rename.
bool has_log(const std::string& path) noexcept;

}  // namespace plog::store::sqlite
