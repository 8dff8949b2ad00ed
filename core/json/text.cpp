#include "json/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace plog::json {
namespace {

bool needs_escape(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// The first character at or after p that RFC 8785 escapes.
const char* find_escape(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    const __m128i special = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, special)));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHighs = 0x8080808080808080u;
  for (; end - p >= 8; p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    const std::uint64_t quotes = word ^ (kOnes * '"');
    const std::uint64_t backslashes = word ^ (kOnes * '\\');
    const std::uint64_t found = ((word - kOnes * 0x20) | (quotes - kOnes) | (backslashes - kOnes)) & ~word & kHighs;
    if (found != 0) break;
  }
  while (p != end && !needs_escape(*p)) ++p;
  return p;
}

void append_escape(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\t': out += "\\t"; return;
    case '\n': out += "\\n"; return;
    case '\f': out += "\\f"; return;
    case '\r': out += "\\r"; return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[c & 15];
  }
}

void append_code_point(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

// The four digits after "\u" at p; -1 when they are not.
std::int32_t hex4(const char* p, const char* end) noexcept {
  if (end - p < 4) return -1;
  std::int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

bool is_high_surrogate(std::int32_t unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::int32_t unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Decodes the escape whose "\u" ends at p. Null when it is malformed.
const char* append_unicode_escape(std::string& out, const char* p, const char* end, bool* repaired) {
  const std::int32_t unit = hex4(p, end);
  if (unit < 0) return nullptr;
  p += 4;
  if (!is_high_surrogate(unit) && !is_low_surrogate(unit)) {
    append_code_point(out, static_cast<std::uint32_t>(unit));
    return p;
  }
  if (is_high_surrogate(unit) && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const std::int32_t low = hex4(p + 2, end);
    if (low >= 0 && is_low_surrogate(low)) {
      append_code_point(
          out, 0x10000u + (static_cast<std::uint32_t>(unit - 0xD800) << 10) + static_cast<std::uint32_t>(low - 0xDC00));
      return p + 6;
    }
  }
  append_code_point(out, 0xFFFD);
  if (repaired != nullptr) *repaired = true;
  return p;
}

// Where UTF-16 orders differently from UTF-8: U+E000…U+FFFF (lead octets EE and EF) come after the surrogates that
// stand for everything above (lead octets F0…F4).
unsigned utf16_rank(char c) noexcept {
  const auto octet = static_cast<unsigned char>(c);
  return octet == 0xEE || octet == 0xEF ? octet + 0x10u : octet;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  out += '"';
  for (;;) {
    const char* stop = find_escape(p, end);
    out.append(p, static_cast<std::size_t>(stop - p));
    if (stop == end) break;
    append_escape(out, *stop);
    p = stop + 1;
  }
  out += '"';
}

bool append_unescaped(std::string& out, std::string_view raw, bool* repaired) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p != end) {
    const auto* stop = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (stop == nullptr) stop = end;
    out.append(p, static_cast<std::size_t>(stop - p));
    if (stop == end) break;
    if (end - stop < 2) return false;
    p = stop + 2;
    switch (stop[1]) {
      case '"': out += '"'; break;
      case '\\': out += '\\'; break;
      case '/': out += '/'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u':
        p = append_unicode_escape(out, p, end, repaired);
        if (p == nullptr) return false;
        break;
      default: return false;
    }
  }
  return true;
}

int compare_keys(std::string_view left, std::string_view right) noexcept {
  const std::size_t shared = std::min(left.size(), right.size());
  const auto [l, r] = std::mismatch(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(shared), right.begin());
  if (l == left.begin() + static_cast<std::ptrdiff_t>(shared)) {
    return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
  }
  return utf16_rank(*l) < utf16_rank(*r) ? -1 : 1;
}

void append_pointer_token(std::string& out, std::string_view token) {
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

}  // namespace plog::json
