#include "redact/loose_shapes.h"

#include <cstring>

#include "redact/checks.h"

namespace plog::redact {
namespace {

constexpr int kFewDigits = 7;

bool is_hex(char c) noexcept { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Whether the text contains seven digits that are separated only by characters common in phone numbers.
bool has_digits(const char* at, const char* end) noexcept {
  constexpr int kMaxGap = 3;
  int digits = 0, gap = 0;
  for (; at < end; ++at) {
    if (is_digit(*at)) {
      if (++digits == kFewDigits) return true;
      gap = 0;
    } else if (digits > 0) {
      const bool joins = *at == ' ' || *at == '.' || *at == '-' || *at == '/' || *at == '(' || *at == ')';
      if (!joins || ++gap > kMaxGap) digits = gap = 0;
    }
  }
  return false;
}

// Whether `marks` equal marks follow each other, the first at `at`, with `fewest` to four hexadecimal digits between
// them.
bool has_row(const char* at, const char* end, int marks, std::ptrdiff_t fewest) noexcept {
  const char mark = *at;
  while (--marks > 0) {
    const char* next = at + 1;
    while (next < end && next - at <= 4 && is_hex(*next)) ++next;
    if (next >= end || *next != mark || next - at - 1 < fewest) return false;
    at = next;
  }
  return true;
}

// Whether the text contains "::" next to a hexadecimal digit, or groups such as "a:b:c:" or "00-1a-2b-3c-".
bool has_groups(const char* begin, const char* end) noexcept {
  constexpr int kColons = 3, kDashes = 4;
  const auto next = [&](const char* at, char mark) {
    return static_cast<const char*>(std::memchr(at, mark, static_cast<std::size_t>(end - at)));
  };
  for (const char* at = next(begin, ':'); at != nullptr; at = next(at + 1, ':')) {
    if (at + 1 < end && at[1] == ':' && ((at > begin && is_hex(at[-1])) || (at + 2 < end && is_hex(at[2]))))
      return true;
    if (has_row(at, end, kColons, 1)) return true;
  }
  for (const char* at = next(begin, '-'); at != nullptr; at = next(at + 1, '-')) {
    if (has_row(at, end, kDashes, 2)) return true;
  }
  return false;
}

}  // namespace

Shapes scan_loose(const char* begin, const char* end, Shapes wanted) noexcept {
  Shapes found = 0;
  if ((wanted & kDigits) != 0 && has_digits(begin, end)) found |= kDigits;
  if ((wanted & kGroups) != 0 && has_groups(begin, end)) found |= kGroups;
  return found;
}

}  // namespace plog::redact
