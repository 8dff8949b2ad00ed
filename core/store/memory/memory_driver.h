// Ledgers in the memory of one process, for tests: a second implementation of the store's interface.
#pragma once

#include "store/driver.h"

namespace plog::store::memory {

// The one driver of ledgers in memory; lives to the end of the process. It must be registered:
// register_driver("memory", driver()). A ledger lives until it is dropped, whether stores have it open or not.
Driver& driver();

// Deletes a ledger. A store that has it open finds none from then on.
void drop(const LedgerAddress& address);
void drop_all();

}  // namespace plog::store::memory
