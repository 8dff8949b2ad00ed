#include "base/encoding.h"

#include <simdjson.h>

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace plog {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> kBase64Values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 64; ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
  return values;
}();

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string encode_base64(const std::uint8_t* data, std::size_t size, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((size + 2) / 3 * 4);
  for (; size >= 3; data += 3, size -= 3) {
    const unsigned group = data[0] << 16 | data[1] << 8 | data[2];
    out += alphabet[group >> 18];
    out += alphabet[group >> 12 & 63];
    out += alphabet[group >> 6 & 63];
    out += alphabet[group & 63];
  }
  if (size == 0) return out;
  const unsigned group = data[0] << 16 | (size == 2 ? data[1] << 8 : 0);
  out += alphabet[group >> 18];
  out += alphabet[group >> 12 & 63];
  if (size == 2) out += alphabet[group >> 6 & 63];
  if (pad) out.append(size == 2 ? 1 : 2, '=');
  return out;
}

// Eight tables, so that one step processes eight bytes (slicing-by-8).
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;
constexpr CrcTables kCrcTables = [] {
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    tables[0][i] = crc;
  }
  for (std::size_t t = 1; t < 8; ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 255];
    }
  }
  return tables;
}();

std::uint32_t crc_tables(const std::uint8_t* p, std::size_t size, std::uint32_t crc) noexcept {
  for (; size >= 8; p += 8, size -= 8) {
    const std::uint32_t low = crc ^ (p[0] | p[1] << 8 | p[2] << 16 | static_cast<std::uint32_t>(p[3]) << 24);
    crc = kCrcTables[7][low & 255] ^ kCrcTables[6][low >> 8 & 255] ^ kCrcTables[5][low >> 16 & 255] ^
          kCrcTables[4][low >> 24] ^ kCrcTables[3][p[4]] ^ kCrcTables[2][p[5]] ^ kCrcTables[1][p[6]] ^
          kCrcTables[0][p[7]];
  }
  for (; size > 0; ++p, --size) crc = (crc >> 8) ^ kCrcTables[0][(crc ^ *p) & 255];
  return crc;
}

#if defined(__x86_64__)
bool has_crc_instruction() noexcept { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"); }

// The factor that moves a checksum over `size` bytes: x^(8 * size - 33) modulo the polynomial, reflected. move_over
// multiplies by it without carries and reduces the product with the CRC instruction, which contributes x^33.
constexpr std::uint32_t move_factor(std::size_t size) noexcept {
  std::uint32_t factor = 0x80000000u;
  for (std::size_t power = 8 * size - 33; power > 0; --power) factor = (factor >> 1) ^ (factor & 1 ? 0x82F63B78u : 0);
  return factor;
}

template <std::size_t Size>
__attribute__((target("sse4.2,pclmul"))) std::uint64_t move_over(std::uint64_t crc) noexcept {
  constexpr std::uint32_t kFactor = move_factor(Size);
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(crc)),
                                               _mm_cvtsi64_si128(static_cast<long long>(kFactor)), 0);
  return _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)));
}

std::uint64_t word_at(const std::uint8_t* p) noexcept {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t crc_instruction(const std::uint8_t* p, std::size_t size,
                                                                       std::uint32_t crc) noexcept {
  std::uint64_t wide = crc;
  // The instruction has a latency of three cycles, but one can start in each cycle. So three stretches are interleaved.
  constexpr std::size_t kStretch = 64;
  for (; size >= 3 * kStretch; p += 3 * kStretch, size -= 3 * kStretch) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < kStretch; i += 8) {
      wide = _mm_crc32_u64(wide, word_at(p + i));
      second = _mm_crc32_u64(second, word_at(p + kStretch + i));
      third = _mm_crc32_u64(third, word_at(p + 2 * kStretch + i));
    }
    wide = move_over<2 * kStretch>(wide) ^ move_over<kStretch>(second) ^ third;
  }
  for (; size >= 8; p += 8, size -= 8) wide = _mm_crc32_u64(wide, word_at(p));
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; ++p, --size) crc = _mm_crc32_u8(crc, *p);
  return crc;
}
#elif defined(__aarch64__)
bool has_crc_instruction() noexcept {
  static const bool has = (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
  return has;
}

__attribute__((target("+crc"))) std::uint32_t crc_instruction(const std::uint8_t* p, std::size_t size,
                                                              std::uint32_t crc) noexcept {
  for (; size >= 8; p += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    crc = __crc32cd(crc, word);
  }
  for (; size > 0; ++p, --size) crc = __crc32cb(crc, *p);
  return crc;
}
#else
bool has_crc_instruction() noexcept { return false; }
std::uint32_t crc_instruction(const std::uint8_t* p, std::size_t size, std::uint32_t crc) noexcept {
  return crc_tables(p, size, crc);
}
#endif

constexpr std::uint64_t kHighBits = 0x8080808080808080u;

// Returns the first byte at or after p that is not ASCII, or `end`.
const std::uint8_t* skip_ascii(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  for (; end - p >= 32; p += 32) {
    std::uint64_t words[4];
    std::memcpy(words, p, 32);
    if ((words[0] | words[1] | words[2] | words[3]) & kHighBits) break;
  }
  for (; end - p >= 8; p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    if (word & kHighBits) break;
  }
  while (p != end && *p < 0x80) ++p;
  return p;
}

struct Step {
  std::size_t size;  // at least 1
  bool valid;
};

// Measures the code point at p, or the invalid part there that one U+FFFD replaces. p must not be `end`.
Step next_step(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  const std::uint8_t lead = *p;
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const auto left = static_cast<std::size_t>(end - p);
  // The second byte reveals overlong forms, surrogates and code points above U+10FFFF (Unicode table 3-7).
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (left < 2) return {1, false};
  if (p[1] < low || p[1] > high) {
    const bool surrogate = lead == 0xED && left >= 3 && p[1] >= 0xA0 && p[1] <= 0xBF && (p[2] & 0xC0) == 0x80;
    return {surrogate ? std::size_t{3} : std::size_t{1}, false};
  }
  for (std::size_t i = 2; i < size; ++i) {
    if (i >= left || (p[i] & 0xC0) != 0x80) return {i, false};
  }
  return {size, true};
}

const std::uint8_t* octets(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

void hex_encode(const std::uint8_t* data, std::size_t size, char* out) noexcept {
  std::size_t i = 0;
#if defined(__SSE2__)
  for (; size - i >= 8; i += 8) {
    const __m128i octets = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(data + i));
    const __m128i low = _mm_set1_epi8(15);
    const __m128i halves = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(octets, 4), low), _mm_and_si128(octets, low));
    const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(halves, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
    const __m128i digits = _mm_add_epi8(_mm_add_epi8(halves, _mm_set1_epi8('0')), letters);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * i), digits);
  }
#endif
  for (; i < size; ++i) {
    out[2 * i] = kHexDigits[data[i] >> 4];
    out[2 * i + 1] = kHexDigits[data[i] & 15];
  }
}

std::string hex_encode(const std::uint8_t* data, std::size_t size) {
  std::string out(2 * size, '\0');
  hex_encode(data, size, out.data());
  return out;
}

bool hex_decode(std::string_view text, std::uint8_t* out, std::size_t size) noexcept {
  if (text.size() / 2 != size || text.size() % 2 != 0) return false;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

std::string base64url_encode(const std::uint8_t* data, std::size_t size) {
  return encode_base64(data, size, kBase64Url, false);
}

void base64url_encode16(const std::uint8_t* data, char* out) noexcept {
  for (int i = 0; i < 15; i += 3, out += 4) {
    const unsigned group = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
    out[0] = kBase64Url[group >> 18];
    out[1] = kBase64Url[group >> 12 & 63];
    out[2] = kBase64Url[group >> 6 & 63];
    out[3] = kBase64Url[group & 63];
  }
  out[0] = kBase64Url[data[15] >> 2];
  out[1] = kBase64Url[data[15] << 4 & 63];
}

std::string base64_encode(const std::uint8_t* data, std::size_t size) {
  return encode_base64(data, size, kBase64, true);
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;  // low bits of `bits` that are not yet part of the output
  for (const char c : text) {
    const std::int8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  if (count != 2 * padding || (bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return out;
}

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc) noexcept {
  const auto* p = static_cast<const std::uint8_t*>(data);
  return ~(has_crc_instruction() ? crc_instruction(p, size, ~crc) : crc_tables(p, size, ~crc));
}

std::uint32_t crc32c_portable(const void* data, std::size_t size, std::uint32_t crc) noexcept {
  return ~crc_tables(static_cast<const std::uint8_t*>(data), size, ~crc);
}

bool is_utf8(std::string_view text) noexcept {
  const std::uint8_t* end = octets(text) + text.size();
  const std::uint8_t* p = skip_ascii(octets(text), end);
  // For shorter texts, the call costs more than it saves.
  constexpr std::ptrdiff_t kWorthSimd = 64;
  if (end - p >= kWorthSimd) {
    return simdjson::validate_utf8(reinterpret_cast<const char*>(p), static_cast<std::size_t>(end - p));
  }
  while (p != end) {
    const Step step = next_step(p, end);
    if (!step.valid) return false;
    p = skip_ascii(p + step.size, end);
  }
  return true;
}

std::string repair_utf8(std::string_view text, std::vector<Utf8Repair>* repairs) {
  std::string out;
  out.reserve(text.size() + 16);
  const std::uint8_t* const begin = octets(text);
  const std::uint8_t* const end = begin + text.size();
  const std::uint8_t* run = begin;  // start of the valid text that is not yet copied
  const auto copy_run = [&](const std::uint8_t* until) {
    out.append(reinterpret_cast<const char*>(run), static_cast<std::size_t>(until - run));
  };
  for (const std::uint8_t* p = skip_ascii(begin, end); p != end;) {
    const Step step = next_step(p, end);
    if (!step.valid) {
      copy_run(p);
      if (repairs != nullptr) repairs->push_back({out.size(), static_cast<std::size_t>(p - begin), step.size});
      out += kReplacement;
      run = p + step.size;
    }
    p = skip_ascii(p + step.size, end);
  }
  copy_run(end);
  return out;
}

std::string repair_utf8(std::string_view text) { return repair_utf8(text, nullptr); }

std::string_view utf8_prefix(std::string_view text, std::size_t size) noexcept {
  if (size >= text.size()) return text;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace plog
