// Hexadecimal (lower case), base64 and base64url (RFC 4648), CRC-32C (Castagnoli), and UTF-8 checks and repair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plog {

// Writes 2 * size characters to `out`, without a NUL.
void hex_encode(const std::uint8_t* data, std::size_t size, char* out) noexcept;
std::string hex_encode(const std::uint8_t* data, std::size_t size);
// Decodes exactly 2 * size lower-case digits into `size` bytes. Returns false for any other text; `out` may then be
// partly written.
bool hex_decode(std::string_view text, std::uint8_t* out, std::size_t size) noexcept;

// RFC 4648 section 5, without padding.
std::string base64url_encode(const std::uint8_t* data, std::size_t size);
// Encodes 16 bytes as 22 characters, without a NUL.
void base64url_encode16(const std::uint8_t* data, char* out) noexcept;
// RFC 4648 section 4, with padding. An event contains byte strings in this form.
std::string base64_encode(const std::uint8_t* data, std::size_t size);
// Decodes what base64_encode writes. Returns nullopt for any other text: without padding, with other characters such as
// line breaks, or with non-zero unused bits.
std::optional<std::string> base64_decode(std::string_view text);

// CRC-32C (reflected polynomial 0x82F63B78, initial and final inversion); crc32c("123456789") == 0xE3069283. Uses the
// CPU's CRC instruction if there is one. To continue an earlier call, pass its result as `crc`.
std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc = 0) noexcept;
// The same with tables, for CPUs without the instruction and for the test that both agree.
std::uint32_t crc32c_portable(const void* data, std::size_t size, std::uint32_t crc = 0) noexcept;

// Copies `text` to `to`, which must have room for it. Returns whether the text is all ASCII.
inline bool copy_text(char* to, std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  const char* from = text.data();
  std::size_t size = text.size();
  std::uint64_t all = 0;
  const auto word = [&](std::size_t at) {
    std::uint64_t octets;
    std::memcpy(&octets, from + at, 8);
    std::memcpy(to + at, &octets, 8);
    all |= octets;
  };
  // The last word overlaps the one before it, which saves a loop over the remaining bytes.
  if (size >= 8) {
    std::size_t at = 0;
    for (; size - at >= 16; at += 16) {
      word(at);
      word(at + 8);
    }
    if (size - at >= 8) word(at);
    word(size - 8);
    return (all & kHighBits) == 0;
  }
  if (size >= 4) {
    std::uint32_t low, high;
    std::memcpy(&low, from, 4);
    std::memcpy(&high, from + size - 4, 4);
    std::memcpy(to, &low, 4);
    std::memcpy(to + size - 4, &high, 4);
    return ((low | high) & static_cast<std::uint32_t>(kHighBits)) == 0;
  }
  for (; size > 0; --size) {
    const char c = *from++;
    *to++ = c;
    all |= static_cast<std::uint8_t>(c);
  }
  return (all & kHighBits) == 0;
}

// Whether the text is valid UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF).
bool is_utf8(std::string_view text) noexcept;

// Replaces each maximal invalid part with one U+FFFD, following the "maximal subpart" practice of Unicode chapter 3, as
// Python's errors="replace" does. In contrast to these, a surrogate encoded in three bytes (CESU-8) counts as one part.
std::string repair_utf8(std::string_view text);
// One repair; positions and sizes are in bytes.
struct Utf8Repair {
  std::size_t position;  // of the U+FFFD in the result
  std::size_t original;  // of the replaced part in the input
  std::size_t size;      // of the replaced part
};
// Also appends each repair to `repairs`, in order, unless `repairs` is null.
std::string repair_utf8(std::string_view text, std::vector<Utf8Repair>* repairs);

// The longest prefix of `text` that has at most `size` bytes and does not cut a code point. `text` must be valid UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t size) noexcept;

}  // namespace plog
