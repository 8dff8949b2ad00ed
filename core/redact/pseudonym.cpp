#include "redact/pseudonym.h"

#include "base/encoding.h"
#include "redact/markers.h"

namespace plog::redact {
namespace {

constexpr std::size_t kBlock = 64;

std::string_view view(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

}  // namespace

Digest hmac_sha256(std::string_view key, std::string_view message) {
  std::string inner(key.size() > kBlock ? std::string(view(sha256(key))) : std::string(key));
  inner.resize(kBlock, '\0');
  std::string outer = inner;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5C);
  const Digest first = sha256(inner, message);
  return sha256(outer, view(first));
}

std::string pseudonym(std::string_view key, std::string_view name, std::string_view hidden) {
  const Digest digest = hmac_sha256(key, std::string(name).append(":").append(hidden));
  return hex_encode(digest.data(), kPseudonym / 2);
}

}  // namespace plog::redact
