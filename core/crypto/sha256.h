// SHA-256 (FIPS 180-4) on OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace plog {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);
// The digest of the concatenation of two parts, without copying them together.
Digest sha256(std::string_view first, std::string_view second);
// The digest as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view data);

}  // namespace plog
