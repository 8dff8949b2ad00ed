// Distinguishes secrets from words, placeholders and code.
#pragma once

#include <string_view>

namespace plog::redact {

// The Shannon entropy of the text in bits per byte; 0 for an empty text.
double entropy(std::string_view text) noexcept;

// Whether the text contains both ASCII letters and digits.
bool mixes_letters_and_digits(std::string_view text) noexcept;

// Whether the text stands in place of a secret: "your-api-key", "<token>", "${PASSWORD}", "xxxxxxxx", "changeme",
// "null", or nothing at all.
bool is_placeholder(std::string_view text) noexcept;

// Whether the text looks like a generated secret: it is random enough for its length, and not a placeholder, an
// identifier, a path or an expression of a program.
bool looks_secret(std::string_view text) noexcept;

// Whether the text looks like a password that a person has chosen: it may be shorter and less random than a generated
// secret. Only for texts whose name says that they are passwords.
bool looks_like_password(std::string_view text) noexcept;

}  // namespace plog::redact
