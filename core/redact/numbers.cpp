#include "redact/numbers.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "redact/checks.h"

namespace plog::redact {
namespace {

// The numeric values of the first 20 digits in a text.
class Digits {
 public:
  explicit Digits(std::string_view text) noexcept {
    for (char c : text) {
      if (is_digit(c) && size_ < sizeof digits_) digits_[size_++] = static_cast<std::uint8_t>(c - '0');
    }
  }
  std::size_t size() const noexcept { return size_; }
  int operator[](std::size_t i) const noexcept { return digits_[i]; }

  // The sum of the first kCount digits, each multiplied by its weight.
  template <std::size_t kCount>
  int weighted(const int (&weights)[kCount]) const noexcept {
    int sum = 0;
    for (std::size_t i = 0; i < kCount; ++i) sum += weights[i] * digits_[i];
    return sum;
  }
  std::uint64_t value(std::size_t begin, std::size_t end) const noexcept {
    std::uint64_t result = 0;
    for (std::size_t i = begin; i < end; ++i) result = result * 10 + digits_[i];
    return result;
  }

 private:
  std::uint8_t digits_[20] = {};
  std::size_t size_ = 0;
};

// ISO 7064, mod 11,10.
bool mod_11_10(const Digits& digits) noexcept {
  int product = 10;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    int sum = (digits[i] + product) % 10;
    if (sum == 0) sum = 10;
    product = 2 * sum % 11;
  }
  return (11 - product) % 10 == digits[digits.size() - 1];
}

bool is_hex_digit(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

bool aba(std::string_view text) noexcept {
  const Digits d(text);
  if (d.size() != 9) return false;
  const int district = d[0] * 10 + d[1];
  const bool known = (district >= 1 && district <= 12) || (district >= 21 && district <= 32) ||
                     (district >= 61 && district <= 72) || district == 80;
  return known && (3 * (d[0] + d[3] + d[6]) + 7 * (d[1] + d[4] + d[7]) + d[2] + d[5] + d[8]) % 10 == 0;
}

bool verhoeff(std::string_view text) noexcept {
  // The dihedral group D5 by its definition, and the powers of Verhoeff's permutation.
  static constexpr auto kProduct = [](int a, int b) {
    if (a < 5) return b < 5 ? (a + b) % 5 : 5 + (a + b) % 5;
    return b < 5 ? 5 + (a - b + 5) % 5 : (a - b + 5) % 5;
  };
  static constexpr std::array<int, 10> kStep = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  const Digits d(text);
  if (d.size() != 12 || d[0] < 2) return false;
  int check = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    int digit = d[d.size() - 1 - i];
    for (std::size_t power = 0; power < i % 8; ++power) digit = kStep[static_cast<std::size_t>(digit)];
    check = kProduct(check, digit);
  }
  return check == 0;
}

bool vat(std::string_view text) noexcept {
  if (text.size() < 4) return false;
  const std::string_view country = text.substr(0, 2);
  const Digits d(text.substr(2));
  if (country == "BE") return d.size() == 10 && 97 - d.value(0, 8) % 97 == d.value(8, 10);
  if (country == "DE") return d.size() == 9 && mod_11_10(d);
  if (country == "DK") return d.size() == 8 && d.weighted({2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
  if (country == "FI") return d.size() == 8 && (11 - d.weighted({7, 9, 10, 5, 8, 4, 2}) % 11) % 11 == d[7];
  if (country == "HR") return d.size() == 11 && mod_11_10(d);
  if (country == "IT") return d.size() == 11 && luhn(text);
  if (country == "LU") return d.size() == 8 && d.value(0, 6) % 89 == d.value(6, 8);
  if (country == "PL") return d.size() == 10 && d.weighted({6, 5, 7, 2, 3, 4, 5, 6, 7}) % 11 == d[9];
  if (country == "PT") return d.size() == 9 && (11 - d.weighted({9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 % 10 == d[8];
  if (country == "SE") return d.size() == 12 && luhn(text.substr(0, text.size() - 2));
  if (country == "SI") return d.size() == 8 && (11 - d.weighted({8, 7, 6, 5, 4, 3, 2}) % 11) % 10 == d[7];
  return true;
}

bool ipv6(std::string_view text) noexcept {
  std::size_t groups = 0, size = 0;
  bool gap = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hex_digit(text[i])) {
      if (++size > 4) return false;
      if (size == 1) ++groups;
      continue;
    }
    if (text[i] != ':') return false;
    size = 0;
    if (i + 1 < text.size() && text[i + 1] == ':') {
      if (gap) return false;
      gap = true;
      ++i;
      if (i + 1 < text.size() && text[i + 1] == ':') return false;
    } else if (i == 0 || i + 1 == text.size()) {
      return false;
    }
  }
  return gap ? groups >= 3 && groups < 8 : groups == 8;
}

}  // namespace plog::redact
