// Telling a secret from a word, a placeholder and a piece of code.
#pragma once

#include <string_view>

namespace plog::redact {

// Shannon's entropy of the octets, in bits for each.
double entropy(std::string_view text) noexcept;

bool mixes_letters_and_digits(std::string_view text) noexcept;

// What stands where a secret would: "your-api-key", "<token>", "${PASSWORD}", "xxxxxxxx", "changeme", "null".
bool is_placeholder(std::string_view text) noexcept;

// Whether the text looks like a generated secret: random enough for its length, and neither a placeholder, nor an
// identifier, nor a path, nor an expression of a program.
bool looks_secret(std::string_view text) noexcept;

// The same for what a person may have chosen as a password, and says is one: shorter, and less random.
bool looks_like_password(std::string_view text) noexcept;

}  // namespace plog::redact
