// Whether a row says what its octets say.
#pragma once

#include <string>

#include "ledger/verify.h"

namespace plog::ledger {

// What is wrong with the octets' form, and with the columns that repeat them for filters: "column time differs from the
// octets; ...". Empty when nothing is.
std::string column_faults(const StoredEvent& event, Checks checks);

}  // namespace plog::ledger
