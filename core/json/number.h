// Numbers as RFC 8785 section 3.2.2.3 (ECMAScript Number::toString) writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plog::json {

inline constexpr std::size_t kNumberSize = 32;  // room for any canonical number

// Writes the canonical text of a finite double (-0 as "0") and returns its length, at most kNumberSize. No NUL.
std::size_t format_double(double value, char* out) noexcept;

// Whether the canonical form of the nearest double has the same digits, so that the integer may stand as a number.
// True for every |value| <= 2^53.
bool integer_is_exact(std::int64_t value) noexcept;
bool integer_is_exact(std::uint64_t value) noexcept;

// What a JSON number literal becomes in an event (design 3.1).
struct Number {
  bool is_text = false;   // true: kept as a string of its own digits
  std::string_view text;  // the canonical number (in `buffer`), or the literal itself
};
// `literal` must match the grammar of RFC 8259 section 6 (is_number_literal). Integers (no '.', 'e', 'E') stay numbers
// only if their canonical form equals their digits ("-0" is 0); others become their canonical form, unless beyond the
// range of a double, when their text is kept.
Number canonical_number(std::string_view literal, char (&buffer)[kNumberSize]) noexcept;
bool is_number_literal(std::string_view text) noexcept;

}  // namespace plog::json
