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

// "::" beside a hexadecimal digit, or the third mark in a row with such digits between: "a:b:c:", "00-1a-2b-".
bool has_groups(const char* begin, const char* end) noexcept {
  constexpr int kMarks = 3;
  int marks = 0;
  const char* last = begin;  // behind the last mark
  char mark = 0;
  for (const char* at = begin; at < end; ++at) {
    const char c = *at;
    if (is_hex(c)) continue;
    if (c != ':' && c != '-') {
      marks = 0;
      mark = 0;
      continue;
    }
    if (c == ':' && at + 1 < end && at[1] == ':') {
      if ((at > begin && is_hex(at[-1])) || (at + 2 < end && is_hex(at[2]))) return true;
    }
    const bool joined = c == mark && at > last && at - last <= 4;
    marks = joined ? marks + 1 : 1;
    mark = c;
    last = at + 1;
    if (marks >= kMarks) return true;
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
