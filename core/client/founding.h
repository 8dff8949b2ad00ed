// The birth of a ledger.
#pragma once

#include <optional>
#include <string>

#include "client/heads.h"
#include "client/system_events.h"

namespace plog::client {

// Makes the ledger at a real path where there is none, so that nobody ever sees it without its first event, and a death
// meanwhile leaves none. False when there is one, or another process that holds the writer lock is about to make it.
// `rules`: those that its first event puts on record. Throws as Store::begin and commit.
bool found_ledger(const std::string& db_path, const HeadOptions& heads, const std::optional<RedactionRules>& rules);

}  // namespace plog::client
