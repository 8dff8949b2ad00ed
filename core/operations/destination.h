// The paths that operations write to.
#pragma once

#include <string>

#include "client/client.h"
#include "store/ledger_address.h"

namespace plog::operations {

// Refuses to write to a file of the ledger: its database, its head, its key, the copies of its head, its journals.
// Throws kInvalid if `path` is one of them or would become one (LedgerPaths::contain), before anything is written.
// `client`: the one whose ledger it is; may be null.
void refuse_ledger_file(const std::string& path, const store::LedgerAddress& ledger, const client::Client* client);

}  // namespace plog::operations
