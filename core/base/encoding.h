// Hexadecimal (lower case), base64url without padding (RFC 4648 section 5), CRC-32C (Castagnoli), and UTF-8 repair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plog {

// Writes 2 * size characters.
void hex_encode(const std::uint8_t* data, std::size_t size, char* out) noexcept;
std::string hex_encode(const std::uint8_t* data, std::size_t size);
// Lower-case digits only, exactly 2 * size of them; false otherwise.
bool hex_decode(std::string_view text, std::uint8_t* out, std::size_t size) noexcept;

std::string base64url_encode(const std::uint8_t* data, std::size_t size);
// Writes the 22 characters of 16 octets.
void base64url_encode16(const std::uint8_t* data, char* out) noexcept;
// RFC 4648 section 4, with padding: what bytes become in an event.
std::string base64_encode(const std::uint8_t* data, std::size_t size);
// The octets of which `text` is the only spelling: padded, nothing between the characters, no bits left over; nullopt
// for any other text.
std::optional<std::string> base64_decode(std::string_view text);

// CRC-32C (reflected polynomial 0x82F63B78, initial and final inversion); crc32c("123456789") == 0xE3069283. Uses the
// CPU's instruction where there is one. `crc` continues an earlier call's result.
std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc = 0) noexcept;
// The same by tables, for CPUs without the instruction (and for the test that both agree).
std::uint32_t crc32c_portable(const void* data, std::size_t size, std::uint32_t crc = 0) noexcept;

// Copies a text to memory with room for it; returns whether all of it is ASCII.
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
  // The last word overlaps the one before, instead of a loop over what is left.
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

// Replaces each maximal invalid part (Unicode chapter 3, "maximal subpart" practice, what Python's errors="replace"
// does) by one U+FFFD, but a three-byte encoded surrogate (CESU) as a whole by one U+FFFD.
std::string repair_utf8(std::string_view text);
// Also appends where, in order, unless `repairs` is null.
struct Utf8Repair {
  std::size_t position;  // of the U+FFFD in the result
  std::size_t original;  // of the replaced part in the input
  std::size_t size;      // of the replaced part
};
std::string repair_utf8(std::string_view text, std::vector<Utf8Repair>* repairs);

// The longest prefix of valid UTF-8 `text` of at most `size` bytes that does not cut a code point.
std::string_view utf8_prefix(std::string_view text, std::size_t size) noexcept;

}  // namespace plog
