// Check digits and forms of further numbers of people and of machines.
#pragma once

#include <string_view>

namespace plog::redact {

// A US bank's routing number: nine digits, their weighted sum, and a Federal Reserve district.
bool aba(std::string_view text) noexcept;

// Twelve digits with Verhoeff's check digit, the first not 0 or 1 (an Aadhaar number); other characters are skipped.
bool verhoeff(std::string_view text) noexcept;

// A VAT number of a member state of the EU, Northern Ireland or the UK, beginning with the country's letters; the form
// is taken to be right, the check digits are looked at where the country has published them.
bool vat(std::string_view text) noexcept;

// RFC 4291, section 2.2: eight groups, or fewer around one "::"; at least three groups, so that "a::b" is none.
bool ipv6(std::string_view text) noexcept;

}  // namespace plog::redact
