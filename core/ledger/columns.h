// Compares the columns of a row with its canonical bytes.
#pragma once

#include <string>

#include "ledger/verify.h"

namespace plog::ledger {

// Returns the faults in the form of the canonical bytes and warnings, and in the columns that repeat them for filters:
// "column time differs from the event; ...". Returns an empty string if there are none.
std::string column_faults(const StoredEvent& event, Checks checks);

}  // namespace plog::ledger
