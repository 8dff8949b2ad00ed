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

// 64 bytes of text. Each function returns a bit set of the positions of some characters. brackets() may also report
// 'Y', 'y', '_' and DEL, which the mask cannot tell from the four brackets. These occur only in strings.
#if defined(__SSE2__)

class Block {
 public:
  explicit Block(const char* octets) noexcept {
    const auto* at = reinterpret_cast<const __m128i*>(octets);
    for (int i = 0; i < 4; ++i) part_[i] = _mm_loadu_si128(at + i);
  }
  std::uint64_t quotes() const noexcept { return equal('"'); }
  std::uint64_t backslashes() const noexcept { return equal('\\'); }
  std::uint64_t commas() const noexcept { return equal(','); }
  std::uint64_t brackets() const noexcept {
    const __m128i kept = _mm_set1_epi8(static_cast<char>(0xd9));
    const __m128i wanted = _mm_set1_epi8(0x59);
    return collect([&](__m128i part) { return _mm_cmpeq_epi8(_mm_and_si128(part, kept), wanted); });
  }
  bool any_backslash() const noexcept {
    const __m128i wanted = _mm_set1_epi8('\\');
    const __m128i low = _mm_or_si128(_mm_cmpeq_epi8(part_[0], wanted), _mm_cmpeq_epi8(part_[1], wanted));
    const __m128i high = _mm_or_si128(_mm_cmpeq_epi8(part_[2], wanted), _mm_cmpeq_epi8(part_[3], wanted));
    return _mm_movemask_epi8(_mm_or_si128(low, high)) != 0;
  }

 private:
  template <typename Test>
  std::uint64_t collect(Test test) const noexcept {
    std::uint64_t bits = 0;
    for (int i = 0; i < 4; ++i) {
      bits |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(test(part_[i])))) << (16 * i);
    }
    return bits;
  }
  std::uint64_t equal(char c) const noexcept {
    const __m128i wanted = _mm_set1_epi8(c);
    return collect([&](__m128i part) { return _mm_cmpeq_epi8(part, wanted); });
  }

  __m128i part_[4];
};

#else

class Block {
 public:
  explicit Block(const char* octets) noexcept : octets_(octets) {}
  std::uint64_t quotes() const noexcept { return where('"', 0xff); }
  std::uint64_t backslashes() const noexcept { return where('\\', 0xff); }
  std::uint64_t commas() const noexcept { return where(',', 0xff); }
  std::uint64_t brackets() const noexcept { return where(0x59, 0xd9); }
  bool any_backslash() const noexcept { return backslashes() != 0; }

 private:
  std::uint64_t where(unsigned char wanted, unsigned char kept) const noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const bool hit = (static_cast<unsigned char>(octets_[i]) & kept) == wanted;
      bits |= std::uint64_t{hit} << i;
    }
    return bits;
  }
  const char* octets_;
};

#endif

// Each bit becomes the parity of itself and all lower bits. For a bit set of quotes, the result has the bits from each
// opening quote up to, but not including, the closing one.
std::uint64_t prefix_xor(std::uint64_t bits) noexcept {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// The positions of bytes that a backslash escapes. `carry`: whether the first byte is escaped; set to whether the first
// byte of the next block is.
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

// The contents of the string literal whose first byte after the quote is at `begin`; nullopt if the literal has no end.
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
    const Block octets(block);
    std::uint64_t quotes = octets.quotes();
    if (carry || octets.any_backslash()) quotes &= ~escaped_of(octets.backslashes(), carry);
    const std::uint64_t string = quotes == 0 ? in_string : prefix_xor(quotes) ^ in_string;
    in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(string) >> 63);

    if (string == ~std::uint64_t{0}) continue;
    const std::uint64_t brackets = octets.brackets() & ~string;
    if (brackets == 0 && depth != 1) continue;
    const std::uint64_t commas = octets.commas() & ~string;
    std::uint64_t unseen = ~std::uint64_t{0};
    for (;;) {
      const std::uint64_t next = (depth == 1 ? brackets | commas : brackets) & unseen;
      if (next == 0) break;
      const int bit = std::countr_zero(next);
      unseen = bit == 63 ? 0 : ~std::uint64_t{0} << (bit + 1);
      bool member = false;
      switch (block[bit]) {
        case '{':
        case '[': member = ++depth == 1; break;
        case '}':
        case ']': --depth; break;
        case ',': member = true; break;
        default: break;
      }
      if (!member) continue;
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
