// Under which name and key a ledger's heads stand, by its own events.
#pragma once

#include <cstdint>
#include <string>

#include "store/store.h"

namespace plog::report {

struct SigningName {
  std::string origin, vkey;  // empty when the ledger had no key yet
};

// What the newest event about it with a commit index below `size` says (docs/formats.md, Keys).
SigningName signing_name(store::Store& store, std::uint64_t size);

}  // namespace plog::report
