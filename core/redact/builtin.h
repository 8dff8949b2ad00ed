// The built-in patterns: what each looks for, and the checks that follow a match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace plog::redact {

// What the prefilter tells apart; a set of them is a mask of bits.
using Kind = std::uint32_t;
inline constexpr Kind kEmail = 1U << 0;
inline constexpr Kind kAwsKey = 1U << 1;
inline constexpr Kind kGithubToken = 1U << 2;
inline constexpr Kind kApiKey = 1U << 3;
inline constexpr Kind kBearer = 1U << 4;
inline constexpr Kind kJwt = 1U << 5;
inline constexpr Kind kSsn = 1U << 6;
inline constexpr Kind kSin = 1U << 7;
inline constexpr Kind kNino = 1U << 8;
inline constexpr Kind kCard = 1U << 9;
inline constexpr Kind kIban = 1U << 10;
inline constexpr Kind kPhone = 1U << 11;
inline constexpr Kind kIpv4 = 1U << 12;
inline constexpr Kind kAllKinds = (1U << 13) - 1;

// A match of a pattern's expression, which `accept` may narrow to what is to be hidden.
struct Match {
  std::size_t begin = 0;
  std::size_t end = 0;
  // After a refusal the search goes on here. Beyond `begin`; the start of every other match that could be accepted
  // must not lie before it.
  std::size_t resume = 0;
};

struct Pattern {
  Kind kind;
  std::string_view name;                                // of the marker
  const char* expression;                               // RE2, UTF-8, leftmost-first
  bool (*accept)(std::string_view text, Match& match);  // null: every match is a hit
};

// Of two hits at the same place and of the same length the earlier pattern in this table wins, so the most specific
// ones come first. Several patterns may share one name.
std::span<const Pattern> builtin_patterns() noexcept;

// The 17 detectors of the documentation, 16 different marker names.
std::span<const std::string_view> builtin_names() noexcept;

}  // namespace plog::redact
