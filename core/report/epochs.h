// What a ledger's own events say of its heads: under which name and key they stand, and which it does not extend.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/store.h"

namespace plog::report {

struct SigningName {
  std::string origin, vkey;  // empty when the ledger had no key yet
};

// What the newest event about it with a commit index below `size` says (docs/formats.md, Keys).
SigningName signing_name(store::Store& store, std::uint64_t size);

// The heads that the ledger says it does not extend, and that nobody has acknowledged: what names each, in an
// acknowledgement (docs/formats.md, Branches). Oldest first.
std::vector<std::string> unacknowledged_heads(store::Store& store);

}  // namespace plog::report
