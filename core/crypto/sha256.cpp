#include "crypto/sha256.h"

// Calls the SHA256_ functions directly: with EVP, the set-up for a short text costs more than the hashing.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/encoding.h"

namespace plog {

Digest sha256(std::string_view data) { return sha256(data, {}); }

Digest sha256(std::string_view first, std::string_view second) {
  Digest digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, first.data(), first.size());
  SHA256_Update(&context, second.data(), second.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::string sha256_hex(std::string_view data) {
  const Digest digest = sha256(data);
  return hex_encode(digest.data(), digest.size());
}

}  // namespace plog
