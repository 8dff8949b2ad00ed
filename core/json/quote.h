// The hot part of text.h, for the code that writes whole events.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer.h"
#include "json/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace plog::json {

inline bool needs_escape(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

template <typename T>
T load(const char* p) noexcept {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// The place of the first of eight characters (the lowest octet comes first) that RFC 8785 escapes; 8 when there is
// none.
inline std::size_t first_escape(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHighs = 0x8080808080808080u;
  const std::uint64_t quotes = word ^ (kOnes * '"');
  const std::uint64_t backslashes = word ^ (kOnes * '\\');
  const std::uint64_t found = ((word - kOnes * 0x20) | (quotes - kOnes) | (backslashes - kOnes)) & ~word & kHighs;
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

#if defined(__SSE2__)
// A bit for each of the 16 characters that RFC 8785 escapes.
inline unsigned escapes(__m128i block) noexcept {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
  const __m128i special =
      _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, special)));
}
#endif

// Copies a text up to its first character that needs an escape; returns how many that are. `to` has room for all.
inline std::size_t copy_plain(char* to, const char* p, std::size_t size) noexcept {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    // The last word overlaps the one before, instead of a loop over what is left.
    if (size >= 8) {
#if defined(__SSE2__)
      for (; size - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), block);
        const unsigned mask = escapes(block);
        if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
      }
#endif
      while (at < size) {
        if (size - at < 8) at = size - 8;
        const auto word = load<std::uint64_t>(p + at);
        std::memcpy(to + at, &word, 8);
        const std::size_t found = first_escape(word);
        if (found < 8) return at + found;
        at += 8;
      }
      return size;
    }
    if (size >= 4) {
      const auto low = load<std::uint32_t>(p), high = load<std::uint32_t>(p + size - 4);
      std::memcpy(to, &low, 4);
      std::memcpy(to + size - 4, &high, 4);
      const std::size_t found = first_escape(low | std::uint64_t{high} << 32);
      return found < 4 ? found : found < 8 ? size - 8 + found : size;
    }
  }
  while (at < size && !needs_escape(p[at])) {
    to[at] = p[at];
    ++at;
  }
  return at;
}

// The rest of append_quoted, from a character that needs an escape on: `to` is the end of what is written.
void append_quoted_rest(Buffer& out, char* to, std::string_view text);

inline void append_quoted(Buffer& out, std::string_view text) {
  char* to = out.room(text.size() + 2);
  *to++ = '"';
  const std::size_t plain = copy_plain(to, text.data(), text.size());
  to += plain;
  if (plain != text.size()) [[unlikely]] {
    append_quoted_rest(out, to, text.substr(plain));
    return;
  }
  *to++ = '"';
  out.set_end(to);
}

}  // namespace plog::json
