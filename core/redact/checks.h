// Checks beyond regular expressions: checksums, number ranges, and the neighbours of a hit.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || is_upper(c); }
// RE2's \w. Bytes of other scripts are not word characters, so a number may stand directly next to them.
constexpr bool is_word(char c) noexcept { return is_letter(c) || is_digit(c) || c == '_'; }
// The characters of a token in this module: base64url.
constexpr bool is_token(char c) noexcept { return is_word(c) || c == '-'; }

// ISO/IEC 7812-1 annex B, over the digits in the text; other characters are skipped. Returns false for text without
// digits.
bool luhn(std::string_view text) noexcept;

// ISO 13616: the number of letters and digits in an IBAN of the country with this code; 0 if the country has no IBANs.
std::size_t iban_length(char first, char second) noexcept;
// ISO 7064 mod 97-10 over the letters and digits in the text; other characters are skipped.
bool iban_checksum(std::string_view text) noexcept;

// Whether the nine digits (other characters are skipped) follow the rules of the US Social Security Administration:
// area not 000, 666 or 900-999, group not 00, serial not 0000.
bool ssn_numbers(std::string_view text) noexcept;

// Whether the two letters may begin a UK National Insurance number: neither is one of D F I Q U V, the second is not O,
// and the pair is not one of the prefixes that are never allocated.
bool nino_prefix(char first, char second) noexcept;

// The length (1 to 3) of the ITU-T E.164 country code at the start of `digits`; 0 if they begin with no assigned code.
std::size_t country_code(std::string_view digits) noexcept;

// Whether a word for the number ("SSN", "social insurance") stands in the 40 bytes before `position`, in any case.
bool ssn_word_before(std::string_view text, std::size_t position) noexcept;
bool sin_word_before(std::string_view text, std::size_t position) noexcept;

// Whether text[begin, end) is not part of a longer number or word: no word character stands next to it, and neither
// does one of `joiners` with a digit on its other side.
bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, std::string_view joiners) noexcept;

}  // namespace plog::redact
