// SHA-256 (FIPS 180-4) on OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace plog {

using Digest = std::array<std::uint8_t, 32>;

// One-shot.
Digest sha256(std::string_view data);
// The digest of the concatenation of two parts, without joining them.
Digest sha256(std::string_view first, std::string_view second);
std::string sha256_hex(std::string_view data);

}  // namespace plog
