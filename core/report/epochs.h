// Reads from a ledger's own events which origins and keys its heads have, and which heads it does not extend.
#pragma once

#include "ledger/epochs.h"
#include "store/store.h"

namespace plog::report {

// Reads all key events of the store, in order. Ignores events that break the rules; verification reports these.
ledger::Epochs read_epochs(store::Store& store);

}  // namespace plog::report
