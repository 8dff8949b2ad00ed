#include "redact/checks.h"

#include <array>
#include <cstdint>

namespace plog::redact {
namespace {

struct IbanCountry {
  char code[3];
  std::uint8_t length;
};

// The SWIFT registry of IBAN formats, release 99.
constexpr IbanCountry kIbanCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28},
    {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
    {"MK", 19}, {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

constexpr auto kIbanLengths = [] {
  std::array<std::uint8_t, 26 * 26> table{};
  for (const IbanCountry& country : kIbanCountries) {
    table[(country.code[0] - 'A') * 26 + (country.code[1] - 'A')] = country.length;
  }
  return table;
}();

// Maps the first three digits of a number to the length of their assigned country code (ITU-T E.164, list of codes).
constexpr auto kCountryCodes = [] {
  std::array<std::uint8_t, 1000> table{};
  const int two[] = {20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54,
                     55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98};
  const int three[] = {211, 212, 213, 216, 218, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233,
                       234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252,
                       253, 254, 255, 256, 257, 258, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 290, 291, 297,
                       298, 299, 350, 351, 352, 353, 354, 355, 356, 357, 358, 359, 370, 371, 372, 373, 374, 375, 376,
                       377, 378, 379, 380, 381, 382, 383, 385, 386, 387, 389, 420, 421, 423, 500, 501, 502, 503, 504,
                       505, 506, 507, 508, 509, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 670, 672, 673, 674,
                       675, 676, 677, 678, 679, 680, 681, 682, 683, 685, 686, 687, 688, 689, 690, 691, 692, 800, 808,
                       850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 960, 961, 962, 963, 964, 965,
                       966, 967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992, 993, 994, 995, 996, 998};
  for (int code = 100; code < 200; ++code) table[code] = 1;
  for (int code = 700; code < 800; ++code) table[code] = 1;
  for (int code : two) {
    for (int last = 0; last < 10; ++last) table[code * 10 + last] = 2;
  }
  for (int code : three) table[code] = 3;
  return table;
}();

char lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

// Whether one of the `count` words stands in the 40 bytes before `position`, as a whole word and in any case.
bool word_before(std::string_view text, std::size_t position, const std::string_view* words, std::size_t count) {
  constexpr std::size_t kWindow = 40;
  const std::size_t from = position > kWindow ? position - kWindow : 0;
  for (std::size_t at = from; at < position; ++at) {
    if (at > 0 && is_letter(text[at - 1])) continue;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view word = words[i];
      if (word.size() > position - at) continue;
      std::size_t same = 0;
      while (same < word.size() && lower(text[at + same]) == word[same]) ++same;
      if (same == word.size() && (at + same == text.size() || !is_letter(text[at + same]))) return true;
    }
  }
  return false;
}

}  // namespace

bool luhn(std::string_view text) noexcept {
  unsigned sum = 0;
  bool twice = false;
  bool any = false;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (!is_digit(text[i])) continue;
    unsigned digit = static_cast<unsigned>(text[i] - '0');
    if (twice) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
    twice = !twice;
    any = true;
  }
  return any && sum % 10 == 0;
}

std::size_t iban_length(char first, char second) noexcept {
  if (!is_upper(first) || !is_upper(second)) return 0;
  return kIbanLengths[static_cast<std::size_t>((first - 'A') * 26 + (second - 'A'))];
}

bool iban_checksum(std::string_view text) noexcept {
  char compact[64];
  std::size_t size = 0;
  for (char c : text) {
    if (!is_digit(c) && !is_upper(c)) continue;
    if (size == sizeof compact) return false;
    compact[size++] = c;
  }
  if (size < 5) return false;
  unsigned rest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = compact[(i + 4) % size];  // the country code and the check digits move to the end
    rest = is_digit(c) ? (rest * 10 + static_cast<unsigned>(c - '0')) % 97
                       : (rest * 100 + static_cast<unsigned>(c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

bool ssn_numbers(std::string_view text) noexcept {
  unsigned value = 0;
  int digits = 0;
  for (char c : text) {
    if (!is_digit(c)) continue;
    if (++digits > 9) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  const unsigned area = value / 1000000, group = value / 10000 % 100, serial = value % 10000;
  return digits == 9 && area != 0 && area != 666 && area < 900 && group != 0 && serial != 0;
}

bool nino_prefix(char first, char second) noexcept {
  constexpr std::string_view kNever = "DFIQUV";
  constexpr std::string_view kUnallocated[] = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
  if (!is_upper(first) || !is_upper(second)) return false;
  if (kNever.find(first) != kNever.npos || kNever.find(second) != kNever.npos || second == 'O') return false;
  for (std::string_view prefix : kUnallocated) {
    if (prefix[0] == first && prefix[1] == second) return false;
  }
  return true;
}

std::size_t country_code(std::string_view digits) noexcept {
  if (digits.size() < 3 || !is_digit(digits[0]) || !is_digit(digits[1]) || !is_digit(digits[2])) return 0;
  const int first = digits[0] - '0', second = digits[1] - '0', third = digits[2] - '0';
  return kCountryCodes[static_cast<std::size_t>(first * 100 + second * 10 + third)];
}

bool ssn_word_before(std::string_view text, std::size_t position) noexcept {
  static constexpr std::string_view kWords[] = {
      "ssn", "ssns", "social security", "social-security", "social_security", "socialsecurity", "socialsecuritynumber"};
  return word_before(text, position, kWords, std::size(kWords));
}

bool sin_word_before(std::string_view text, std::size_t position) noexcept {
  static constexpr std::string_view kWords[] = {"sin", "social insurance", "social-insurance", "social_insurance"};
  return word_before(text, position, kWords, std::size(kWords));
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, std::string_view joiners) noexcept {
  if (begin > 0) {
    const char before = text[begin - 1];
    if (is_word(before)) return false;
    if (joiners.find(before) != joiners.npos && begin > 1 && is_digit(text[begin - 2])) return false;
  }
  if (end < text.size()) {
    const char after = text[end];
    if (is_word(after)) return false;
    if (joiners.find(after) != joiners.npos && end + 1 < text.size() && is_digit(text[end + 1])) return false;
  }
  return true;
}

}  // namespace plog::redact
