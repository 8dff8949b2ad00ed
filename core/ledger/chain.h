// The hash chain of design 3.2: hash = SHA-256(canonical || prev_hash as 64 lower-case hex characters).
#pragma once

#include <string_view>

#include "crypto/sha256.h"

namespace plog::ledger {

// The prev_hash of an agent's first event: 64 zeros.
inline constexpr Digest kGenesis{};

Digest chain_hash(std::string_view canonical, const Digest& prev_hash);

}  // namespace plog::ledger
