// The hash chain of an agent (docs/formats.md, Canonical form and the hash chain).
#pragma once

#include <string_view>

#include "crypto/sha256.h"

namespace plog::ledger {

// The prev_hash of an agent's first event: 64 zeros.
inline constexpr Digest kGenesis{};

// SHA-256(canonical || prev_hash as 64 lower-case hexadecimal characters).
Digest chain_hash(std::string_view canonical, const Digest& prev_hash);

}  // namespace plog::ledger
