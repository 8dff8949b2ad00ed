// Verifies a whole ledger: opens it, adopts orphaned journals where that is safe, and checks it with core/verify.
#pragma once

#include "client/client.h"
#include "store/ledger_address.h"
#include "verify/report.h"
#include "verify/request.h"

namespace plog::client {

// Verifies a ledger, which need not exist. Throws only kCancelled and kInvalid (a bad key). A ledger that cannot be
// read gets a verdict.
verify::Report verify_ledger(const store::LedgerAddress& address, const verify::Request& request);
// Verifies a client's ledger with everything that the client has recorded so far. Throws as verify_ledger.
verify::Report verify_client(Client& client, const verify::Request& request);

}  // namespace plog::client
