// Reads the texts of checkpoints and proofs line by line.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/encoding.h"
#include "ledger/merkle.h"

namespace plog::ledger {

// Removes the first line from `rest` and returns it without its newline; nullopt if there is no newline.
inline std::optional<std::string_view> take_line(std::string_view& rest) noexcept {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

// Parses decimal digits without leading zeros; nullopt for anything else, or for 2^64 and above.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept {
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// Parses the base64 of 32 bytes; nullopt for anything else.
inline std::optional<Hash> parse_hash(std::string_view text) {
  const std::optional<std::string> octets = base64_decode(text);
  Hash hash;
  if (!octets || octets->size() != hash.size()) return std::nullopt;
  std::copy(octets->begin(), octets->end(), hash.begin());
  return hash;
}

}  // namespace plog::ledger
