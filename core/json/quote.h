// The hot part of text.h, inlined into the code that writes whole events.
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

// Whether RFC 8785 escapes the character.
inline bool needs_escape(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Reads a value that need not be aligned.
template <typename T>
T load(const char* p) noexcept {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// Returns the index of the first of eight characters that RFC 8785 escapes (the first character is the lowest byte), or
// 8 if no character needs an escape.
inline std::size_t first_escape(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHighs = 0x8080808080808080u;
  const std::uint64_t quotes = word ^ (kOnes * '"');
  const std::uint64_t backslashes = word ^ (kOnes * '\\');
  const std::uint64_t found = ((word - kOnes * 0x20) | (quotes - kOnes) | (backslashes - kOnes)) & ~word & kHighs;
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

#if defined(__SSE2__)
// Returns a mask of 16 bits: bit i is set if RFC 8785 escapes character i.
inline unsigned escapes(__m128i block) noexcept {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
  const __m128i special =
      _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, special)));
}
#endif

// Copies the text up to the first character that needs an escape, and returns the number of characters before it. `to`
// must have room for the whole text; bytes after the returned length are unspecified.
inline std::size_t copy_plain(char* to, const char* p, std::size_t size) noexcept {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    // The last word overlaps the one before it, which saves a loop over the remaining bytes.
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

// Finishes append_quoted from the first character that needs an escape, with which `text` must start. `to` is the end
// of what is written so far.
void append_quoted_rest(Buffer& out, char* to, std::string_view text);

// As append_quoted in text.h, into a Buffer.
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
