// Operations that copy a ledger and restore it from a copy.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "operations/operation.h"

namespace plog::operations {

std::span<const Operation> copy_operations() noexcept;

// Copies the ledger of a Source to the new file `path`. Throws as client::backup_ledger.
void backup(client::Client* client, const std::optional<std::string>& db_path, const std::string& path,
            const Progress& progress);

// Restores the backup at `path` to `db_path` (nullopt: the configured path) with the configured key. Returns
// {"db_path","events","replaced","unsigned_because"} (plog_restore in plog.h). Throws as client::restore_ledger.
std::string restore(const std::string& path, const std::optional<std::string>& db_path, bool replace,
                    const Progress& progress);

}  // namespace plog::operations
