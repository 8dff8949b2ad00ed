// What a pattern alone cannot tell: checksums, number ranges, and the neighbours of a hit.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || is_upper(c); }
// RE2's \w: octets of other scripts are no word characters, so a number may stand directly beside them.
constexpr bool is_word(char c) noexcept { return is_letter(c) || is_digit(c) || c == '_'; }
// What may stand in the tokens of this module: base64url.
constexpr bool is_token(char c) noexcept { return is_word(c) || c == '-'; }

// ISO/IEC 7812-1 annex B, over the digits in the text; other characters are skipped. False without digits.
bool luhn(std::string_view text) noexcept;

// ISO 13616: the number of letters and digits of an IBAN of that country; 0 for a country that has none.
std::size_t iban_length(char first, char second) noexcept;
// ISO 7064 mod 97-10 over the letters and digits in the text; other characters are skipped.
bool iban_checksum(std::string_view text) noexcept;

// Nine digits (other characters are skipped) by the rules of the US Social Security Administration: area not 000, 666
// or 900-999, group not 00, serial not 0000.
bool ssn_numbers(std::string_view text) noexcept;

// The two prefix letters of a UK National Insurance number: none of D F I Q U V, no O in the second place, and none of
// the prefixes that are never allocated.
bool nino_prefix(char first, char second) noexcept;

// The length (1 to 3) of the ITU-T E.164 country code that the digits begin with; 0 if none is assigned.
std::size_t country_code(std::string_view digits) noexcept;

// Whether one of the words stands, as a word, in the 40 octets before `position`, in any case. `words` are lower case.
bool ssn_word_before(std::string_view text, std::size_t position) noexcept;
bool sin_word_before(std::string_view text, std::size_t position) noexcept;

// Whether text[begin, end) is no part of a longer number or word: no word character beside it, and no `joiners`
// character that a digit follows (precedes).
bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, std::string_view joiners) noexcept;

}  // namespace plog::redact
