// Keyed pseudonyms: equal for equal texts, and not computable without the key.
#pragma once

#include <string>
#include <string_view>

#include "crypto/sha256.h"

namespace plog::redact {

// HMAC (RFC 2104) with SHA-256.
Digest hmac_sha256(std::string_view key, std::string_view message);

// The first kPseudonym hexadecimal digits of HMAC-SHA-256(key, name + ":" + hidden), where `name` is that of the rule.
std::string pseudonym(std::string_view key, std::string_view name, std::string_view hidden);

}  // namespace plog::redact
