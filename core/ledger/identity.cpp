#include "ledger/identity.h"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace plog::ledger {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::string_view kAgentKey = "\"agent_id\":\"";
constexpr std::string_view kIdKey = "\"id\":\"";

// One bit for each of 64 octets.
struct Masks {
  std::uint64_t quote = 0, backslash = 0, comma = 0;
  std::uint64_t open = 0, close = 0;  // braces and brackets alike
};

#if defined(__SSE2__)

std::uint64_t movemask(__m128i a, __m128i b, __m128i c, __m128i d) noexcept {
  const auto bits = [](__m128i v) { return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(v))); };
  return bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48;
}

Masks masks_of(const char* block) noexcept {
  const auto* at = reinterpret_cast<const __m128i*>(block);
  const __m128i v[4] = {_mm_loadu_si128(at), _mm_loadu_si128(at + 1), _mm_loadu_si128(at + 2), _mm_loadu_si128(at + 3)};
  const auto equal = [&v](char c) {
    const __m128i wanted = _mm_set1_epi8(c);
    return movemask(_mm_cmpeq_epi8(v[0], wanted), _mm_cmpeq_epi8(v[1], wanted), _mm_cmpeq_epi8(v[2], wanted),
                    _mm_cmpeq_epi8(v[3], wanted));
  };
  // '[' and '{', ']' and '}' differ in one bit.
  const auto equal_folded = [&v](char c) {
    const __m128i bit = _mm_set1_epi8(0x20);
    const __m128i wanted = _mm_set1_epi8(c);
    return movemask(_mm_cmpeq_epi8(_mm_or_si128(v[0], bit), wanted), _mm_cmpeq_epi8(_mm_or_si128(v[1], bit), wanted),
                    _mm_cmpeq_epi8(_mm_or_si128(v[2], bit), wanted), _mm_cmpeq_epi8(_mm_or_si128(v[3], bit), wanted));
  };
  return {equal('"'), equal('\\'), equal(','), equal_folded('{'), equal_folded('}')};
}

#else

Masks masks_of(const char* block) noexcept {
  Masks masks;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    switch (block[i]) {
      case '"': masks.quote |= bit; break;
      case '\\': masks.backslash |= bit; break;
      case ',': masks.comma |= bit; break;
      case '{':
      case '[': masks.open |= bit; break;
      case '}':
      case ']': masks.close |= bit; break;
      default: break;
    }
  }
  return masks;
}

#endif

// Each bit becomes the parity of itself and all lower ones: set from an opening quote up to before the closing one.
std::uint64_t prefix_xor(std::uint64_t bits) noexcept {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Where octets are escaped by a backslash. `carry`: whether the first octet is, and afterwards that of the next block.
std::uint64_t escaped_of(std::uint64_t backslash, bool& carry) noexcept {
  std::uint64_t escaped = carry ? 1 : 0;
  std::uint64_t rest = backslash & ~escaped;
  carry = false;
  while (rest != 0) {
    const int at = std::countr_zero(rest);
    if (at == 63) {
      carry = true;
      break;
    }
    const std::uint64_t next = std::uint64_t{1} << (at + 1);
    escaped |= next;
    rest &= ~((next << 1) - 1);
  }
  return escaped;
}

// The inside of a literal whose first octet is at `begin`; nullopt when it has no end.
std::optional<std::string_view> inside(std::string_view text, std::size_t begin) noexcept {
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '"') return text.substr(begin, at - begin);
    if (text[at] == '\\') ++at;
  }
  return std::nullopt;
}

}  // namespace

Identity identity_of(std::string_view canonical) noexcept {
  Identity identity;
  bool carry = false;
  std::uint64_t in_string = 0;  // all ones when the block starts inside a string
  std::int64_t depth = 0;
  char padded[kBlock];
  for (std::size_t start = 0; start < canonical.size(); start += kBlock) {
    const char* block = canonical.data() + start;
    if (canonical.size() - start < kBlock) {
      std::memset(padded, ' ', sizeof padded);
      std::memcpy(padded, block, canonical.size() - start);
      block = padded;
    }
    const Masks masks = masks_of(block);
    std::uint64_t quote = masks.quote;
    if (masks.backslash != 0 || carry) quote &= ~escaped_of(masks.backslash, carry);
    const std::uint64_t string = prefix_xor(quote) ^ in_string;
    in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(string) >> 63);

    const std::uint64_t brackets = (masks.open | masks.close) & ~string;
    const std::uint64_t commas = masks.comma & ~string;
    std::uint64_t unseen = ~std::uint64_t{0};
    for (;;) {
      const std::uint64_t next = (depth == 1 ? brackets | commas : brackets) & unseen;
      if (next == 0) break;
      const int bit = std::countr_zero(next);
      unseen = bit == 63 ? 0 : ~std::uint64_t{0} << (bit + 1);
      const std::uint64_t here = std::uint64_t{1} << bit;
      if ((masks.close & here) != 0) {
        --depth;
        continue;
      }
      if ((masks.open & here) != 0 && ++depth != 1) continue;
      const std::size_t key = start + static_cast<std::size_t>(bit) + 1;
      const std::string_view rest = canonical.substr(key);
      if (!identity.agent_id && rest.starts_with(kAgentKey)) {
        identity.agent_id = inside(canonical, key + kAgentKey.size());
      } else if (!identity.id && rest.starts_with(kIdKey)) {
        identity.id = inside(canonical, key + kIdKey.size());
      }
      if (identity.agent_id && identity.id) return identity;
    }
  }
  return identity;
}

}  // namespace plog::ledger
