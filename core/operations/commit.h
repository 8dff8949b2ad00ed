// Waiting for the commit of a client's events, so that it can be cancelled.
#pragma once

#include <cstdint>

#include "operations/operation.h"

namespace plog::operations {

// As client::Client::flush. Calls `progress` (may be empty) with 0 of 1 before and while it waits. Throws kCancelled if
// `progress` returned false; the events then stay in the journal and are committed later.
void wait_for_commit(client::Client& client, std::int64_t timeout_ms, const Progress& progress);

}  // namespace plog::operations
