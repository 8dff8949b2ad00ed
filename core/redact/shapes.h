// The shapes that the scanner distinguishes: forms that cannot be found by a literal text, and a few literals that the
// scanner finds anyway. A set of shapes is a bit mask.
#pragma once

#include <cstdint>
#include <string_view>

namespace plog::redact {

using Shapes = std::uint32_t;
inline constexpr Shapes kEmail = 1U << 0;
inline constexpr Shapes kAwsKey = 1U << 1;
inline constexpr Shapes kGithubToken = 1U << 2;
inline constexpr Shapes kApiKey = 1U << 3;
inline constexpr Shapes kBearer = 1U << 4;
inline constexpr Shapes kJwt = 1U << 5;
inline constexpr Shapes kSsn = 1U << 6;
inline constexpr Shapes kSin = 1U << 7;
inline constexpr Shapes kNino = 1U << 8;
inline constexpr Shapes kCard = 1U << 9;
inline constexpr Shapes kIban = 1U << 10;
inline constexpr Shapes kPhone = 1U << 11;
inline constexpr Shapes kIpv4 = 1U << 12;
inline constexpr Shapes kVat = 1U << 13;          // capital letters followed by seven letters or digits
inline constexpr Shapes kDigits = 1U << 14;       // groups of digits, seven or more in all
inline constexpr Shapes kGroups = 1U << 15;       // hexadecimal digits in groups between colons or dashes
inline constexpr Shapes kUrlPassword = 1U << 16;  // "://user:password@"
inline constexpr Shapes kFours = 1U << 17;        // three groups of four digits
inline constexpr Shapes kEscaped = 1U << 18;      // "\\uXXXX": may stand for a character of another shape
inline constexpr Shapes kLooseShapes = kDigits | kGroups;

struct ShapeName {
  std::string_view name;
  Shapes shape;
};
inline constexpr ShapeName kShapeNames[] = {
    {"email", kEmail},    {"aws_key", kAwsKey}, {"github_token", kGithubToken},
    {"api_key", kApiKey}, {"bearer", kBearer},  {"jwt", kJwt},
    {"ssn", kSsn},        {"sin", kSin},        {"nino", kNino},
    {"card", kCard},      {"iban", kIban},      {"phone", kPhone},
    {"vat", kVat},        {"ipv4", kIpv4},      {"url_password", kUrlPassword},
    {"fours", kFours},    {"digits", kDigits},  {"groups", kGroups},
};

}  // namespace plog::redact
