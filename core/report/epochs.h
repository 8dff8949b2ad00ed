// What a ledger's own events say of its heads: under which name and key they stand, and which it does not extend.
#pragma once

#include "ledger/epochs.h"
#include "store/store.h"

namespace plog::report {

// All key events of the store, read in their order. What breaks their rules is left out: saying so is for verification.
ledger::Epochs read_epochs(store::Store& store);

}  // namespace plog::report
