// Numbers in the form of RFC 8785 section 3.2.2.3 (ECMAScript Number::toString).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plog::json {

inline constexpr std::size_t kNumberSize = 32;  // room for any canonical number

// Writes the canonical text of a finite double (-0 as "0") and returns its length, at most kNumberSize. No NUL.
std::size_t format_double(double value, char* out) noexcept;

// Whether the canonical form of the nearest double has the integer's digits, so that the integer can be written as a
// number. True for every |value| <= 2^53.
bool integer_is_exact(std::int64_t value) noexcept;
bool integer_is_exact(std::uint64_t value) noexcept;

// What a JSON number literal becomes in an event.
struct Number {
  bool is_text = false;   // true: the event contains the literal as a string
  std::string_view text;  // the canonical number, or the literal itself; borrows from `buffer` or `literal`
};
// `literal` must satisfy is_number_literal. An integer (no '.', 'e', 'E') stays a number only if its canonical form has
// the same digits ("-0" becomes 0); otherwise it becomes text. Any other literal becomes its canonical form, or text if
// it is too large for a double.
Number canonical_number(std::string_view literal, char (&buffer)[kNumberSize]) noexcept;
// Whether the text matches the number grammar of RFC 8259 section 6.
bool is_number_literal(std::string_view text) noexcept;

}  // namespace plog::json
