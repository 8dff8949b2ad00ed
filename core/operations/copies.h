// Operations that copy a ledger and restore it from a copy.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "operations/operation.h"

namespace plog::operations {

std::span<const Operation> copy_operations() noexcept;

// Throws kInvalid if a backup of the ledger must not be written to `path`: if it or its head would be a file of the
// ledger (refuse_ledger_file), or if the log of another database lies beside it. `client` may be null.
void check_backup_path(const std::string& path, const store::LedgerAddress& ledger, const client::Client* client);

// Copies the ledger of a Source to the new file `path`. Throws as check_backup_path and client::backup_ledger.
void backup(client::Client* client, const std::optional<std::string>& db_path, const std::string& path,
            const Progress& progress);

// Restores the backup at `path` to `db_path` (nullopt: the configured path) with the configured key. Returns
// {"db_path","events","replaced","unsigned_because"} (plog_restore in plog.h). Throws kInvalid if the
// ledger would take the place of a file of the backup, otherwise as client::restore_ledger.
std::string restore(const std::string& path, const std::optional<std::string>& db_path, bool replace,
                    const Progress& progress);

}  // namespace plog::operations
