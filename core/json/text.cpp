#include "json/quote.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace plog::json {
namespace {

// Returns the first character at or after p that RFC 8785 escapes, or `end`.
const char* find_escape(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const unsigned mask = escapes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - p >= 8; p += 8) {
      const std::size_t found = first_escape(load<std::uint64_t>(p));
      if (found < 8) return p + found;
    }
  }
  while (p != end && !needs_escape(*p)) ++p;
  return p;
}

constexpr std::size_t kEscapeSize = 6;  // of the longest escape

// Writes the escape of a character that needs one. Returns the end of the escape.
char* put_escape(char* to, char c) noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  *to++ = '\\';
  switch (c) {
    case '"': *to++ = '"'; return to;
    case '\\': *to++ = '\\'; return to;
    case '\b': *to++ = 'b'; return to;
    case '\t': *to++ = 't'; return to;
    case '\n': *to++ = 'n'; return to;
    case '\f': *to++ = 'f'; return to;
    case '\r': *to++ = 'r'; return to;
    default: break;
  }
  std::memcpy(to, "u00", 3);
  to[3] = kDigits[static_cast<unsigned char>(c) >> 4];
  to[4] = kDigits[c & 15];
  return to + 5;
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

// Reads the four hexadecimal digits at p, which follow "\u". Returns -1 if they are not digits.
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

// Appends the character of an escape whose "\u" ends at p. Returns the end of the escape, or null if it is malformed.
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

// Maps a UTF-8 lead byte to its rank in UTF-16 order. The orders differ for U+E000…U+FFFF (lead bytes EE and EF), which
// sort after the surrogates that represent all higher code points (lead bytes F0…F4).
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
    char escape[kEscapeSize];
    out.append(escape, put_escape(escape, *stop));
    p = stop + 1;
  }
  out += '"';
}

void append_quoted_rest(Buffer& out, char* to, std::string_view text) {
  for (;;) {
    const char special = text.front();
    text.remove_prefix(1);
    out.set_end(to);
    to = put_escape(out.room(kEscapeSize + text.size() + 1), special);
    const std::size_t plain = copy_plain(to, text.data(), text.size());
    to += plain;
    text.remove_prefix(plain);
    if (text.empty()) break;
  }
  *to++ = '"';
  out.set_end(to);
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
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; shared - at >= 8; at += 8) {
      const std::uint64_t difference = load<std::uint64_t>(left.data() + at) ^ load<std::uint64_t>(right.data() + at);
      if (difference == 0) continue;
      at += static_cast<std::size_t>(std::countr_zero(difference)) / 8;
      return utf16_rank(left[at]) < utf16_rank(right[at]) ? -1 : 1;
    }
  }
  while (at < shared && left[at] == right[at]) ++at;
  if (at == shared) return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
  return utf16_rank(left[at]) < utf16_rank(right[at]) ? -1 : 1;
}

std::vector<std::string> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const std::string_view escape = pointer.substr(i, 2);
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (escape == "~0" || escape == "~1") {
      tokens.back() += escape == "~0" ? '~' : '/';
      ++i;
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
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
