#include "ledger/chain.h"

#include "base/encoding.h"

namespace plog::ledger {

Digest chain_hash(std::string_view canonical, const Digest& prev_hash) {
  char hex[2 * sizeof(Digest)];
  hex_encode(prev_hash.data(), prev_hash.size(), hex);
  return sha256(canonical, std::string_view(hex, sizeof hex));
}

}  // namespace plog::ledger
