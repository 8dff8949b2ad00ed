// Validation of more personal numbers and network addresses.
#pragma once

#include <string_view>

namespace plog::redact {

// Whether the text is the routing number of a US bank: nine digits with a valid weighted sum and a valid Federal
// Reserve district. Other characters are skipped.
bool aba(std::string_view text) noexcept;

// Whether the text is an Aadhaar number: twelve digits, the first not 0 or 1, with a valid Verhoeff check digit. Other
// characters are skipped.
bool verhoeff(std::string_view text) noexcept;

// Whether the check digits of a VAT number are valid. `text` begins with the country's letters and has the right form.
// Returns true for countries whose check digits are not implemented.
bool vat(std::string_view text) noexcept;

// Whether the text is an IPv6 address (RFC 4291, section 2.2): eight groups, or three to seven with one "::". Two
// groups are rejected because of code such as "a::b". Dotted IPv4 parts are not accepted.
bool ipv6(std::string_view text) noexcept;

}  // namespace plog::redact
