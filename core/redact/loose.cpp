#include "redact/checks.h"
#include "redact/scanner.h"

namespace plog::redact {
namespace {

constexpr int kFewDigits = 7;

bool is_hex(char c) noexcept { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Whether seven digits stand in groups that what is usual in phone numbers joins.
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

// "ab:cd:", "::1", "00-1a-": a mark with a group of at most four hexadecimal digits behind it, and a mark again.
bool has_groups(const char* begin, const char* end) noexcept {
  for (const char* at = begin; at < end; ++at) {
    if (*at != ':' && *at != '-') continue;
    const char* p = at + 1;
    while (p < end && p - at <= 4 && is_hex(*p)) ++p;
    if (p >= end || *p != *at || (p == at + 1 && *at == '-')) continue;
    if ((at > begin && is_hex(at[-1])) || (p + 1 < end && is_hex(p[1]))) return true;
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
