#include "json/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <system_error>

namespace plog::json {
namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Writes the digits d1 d2 … dn (d1 not 0) as ECMAScript does, with the decimal point after the first `point` digits.
// Returns the end of the text.
char* lay_out(const char* digits, int count, int point, char* out) noexcept {
  constexpr int kMaxPoint = 21;
  constexpr int kMinPoint = -5;
  if (point >= count && point <= kMaxPoint) {
    out = std::copy_n(digits, count, out);
    return std::fill_n(out, point - count, '0');
  }
  if (point > 0 && point <= kMaxPoint) {
    out = std::copy_n(digits, point, out);
    *out++ = '.';
    return std::copy_n(digits + point, count - point, out);
  }
  if (point <= 0 && point >= kMinPoint) {
    *out++ = '0';
    *out++ = '.';
    out = std::fill_n(out, -point, '0');
    return std::copy_n(digits, count, out);
  }
  *out++ = digits[0];
  if (count > 1) {
    *out++ = '.';
    out = std::copy_n(digits + 1, count - 1, out);
  }
  *out++ = 'e';
  const int exponent = point - 1;
  *out++ = exponent < 0 ? '-' : '+';
  return std::to_chars(out, out + 4, std::abs(exponent)).ptr;
}

// Whether the canonical form of the nearest double has the integer's own digits.
template <typename Integer>
bool same_digits(Integer value) noexcept {
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  char text[kNumberSize];
  const std::size_t size = format_double(static_cast<double>(value), text);
  return std::string_view(text, size) == std::string_view(digits, static_cast<std::size_t>(end - digits));
}

// Whether a literal that from_chars reports as out of range is too large rather than too small.
bool is_huge(std::string_view literal) noexcept {
  const std::size_t mark = literal.find_first_of("eE");
  const std::string_view mantissa = literal.substr(0, mark);
  // The decimal place of the first significant digit: 0 and up before the point, -1 and down after it.
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const std::size_t dot = std::min(mantissa.find('.'), mantissa.size());
  const auto place = static_cast<std::int64_t>(dot) - static_cast<std::int64_t>(first) - (first < dot ? 1 : 0);
  if (mark == std::string_view::npos) return place > 0;
  std::string_view tail = literal.substr(mark + 1);
  if (tail.front() == '+') tail.remove_prefix(1);
  std::int64_t exponent = 0;
  if (std::from_chars(tail.data(), tail.data() + tail.size(), exponent).ec == std::errc::result_out_of_range) {
    return tail.front() != '-';
  }
  return exponent > -place;
}

// Whether a literal without an exponent is certainly canonical. With at most 15 significant digits, no other decimal
// with as few digits denotes the same double, so the shortest form has the same digits. The literal must also be in the
// range that is written without an exponent.
bool is_plain_decimal(std::string_view literal) noexcept {
  constexpr std::size_t kMaxDigits = 15;
  if (literal.front() == '-') literal.remove_prefix(1);
  if (literal.size() > kMaxDigits + 1 || literal.back() == '0') return false;
  return literal[0] != '0' || !literal.starts_with("0.000000");
}

}  // namespace

std::size_t format_double(double value, char* out) noexcept {
  char* const begin = out;
  if (std::abs(value) < static_cast<double>(kExact)) {
    const auto integer = static_cast<std::int64_t>(value);
    if (static_cast<double>(integer) == value) {
      return static_cast<std::size_t>(std::to_chars(out, out + kNumberSize, integer).ptr - begin);
    }
  }
  // "d.ddde-xxx": the shortest digits that read back as the value and, among these, the closest, as ECMAScript
  // requires.
  char text[kNumberSize];
  const char* end = std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific).ptr;
  const char* mark = static_cast<const char*>(std::memchr(text, 'e', static_cast<std::size_t>(end - text)));
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  char digits[kNumberSize];
  digits[0] = text[0];
  int count = 1;
  for (const char* p = text + 2; p < mark; ++p) digits[count++] = *p;
  if (value < 0) *out++ = '-';
  return static_cast<std::size_t>(lay_out(digits, count, exponent + 1, out) - begin);
}

bool integer_is_exact(std::int64_t value) noexcept {
  return (value >= -kExact && value <= kExact) || same_digits(value);
}

bool integer_is_exact(std::uint64_t value) noexcept {
  return value <= static_cast<std::uint64_t>(kExact) || same_digits(value);
}

Number canonical_number(std::string_view literal, char (&buffer)[kNumberSize]) noexcept {
  bool integer = true;
  bool scaled = false;
  for (const char c : literal) {
    if (c == '.') integer = false;
    if (c == 'e' || c == 'E') scaled = true;
  }
  integer = integer && !scaled;
  constexpr std::size_t kAlwaysExact = 15;
  if (integer) {
    if (literal == "-0") literal.remove_prefix(1);
    if (literal.size() <= kAlwaysExact) return {false, literal};
  } else if (!scaled && is_plain_decimal(literal)) {
    return {false, literal};
  }
  double value = 0;
  const auto result = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (is_huge(literal)) return {true, literal};
    value = 0;
  }
  if (!std::isfinite(value)) return {true, literal};
  const std::string_view text(buffer, format_double(value, buffer));
  if (integer && text != literal) return {true, literal};
  return {false, text};
}

bool is_number_literal(std::string_view text) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  const auto digits = [&] {
    const char* start = p;
    while (p != end && is_digit(*p)) ++p;
    return p != start;
  };
  if (p != end && *p == '-') ++p;
  if (p != end && *p == '0') {
    ++p;
  } else if (!digits()) {
    return false;
  }
  if (p != end && *p == '.') {
    ++p;
    if (!digits()) return false;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (!digits()) return false;
  }
  return p == end;
}

}  // namespace plog::json
