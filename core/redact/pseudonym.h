// Keyed pseudonyms: equal for equal texts, and of no use to whoever has not the key.
#pragma once

#include <string>
#include <string_view>

#include "crypto/sha256.h"

namespace plog::redact {

// RFC 2104 with SHA-256.
Digest hmac_sha256(std::string_view key, std::string_view message);

// The first kPseudonym hexadecimal digits of the HMAC of the name of the rule, a colon, and the hidden text.
std::string pseudonym(std::string_view key, std::string_view name, std::string_view hidden);

}  // namespace plog::redact
