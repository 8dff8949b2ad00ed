// The built-in detectors, parsed from detectors.txt, which is compiled into the library.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "redact/accept.h"
#include "redact/shapes.h"

namespace plog::redact {

enum class Category : std::uint8_t { kPii, kSecret };
enum class Profile : std::uint8_t { kDefault, kStrict, kPii, kSecrets };

inline constexpr std::string_view kProfileNames[] = {"default", "strict", "pii", "secrets"};

// A check of a match, with its argument (0 if it takes none).
struct Check {
  std::string name;
  Accept accept = nullptr;
  double argument = 0;
};

// An example: the detector hides the bytes [begin, end) of `text`. In a negative example it hides nothing.
struct Example {
  std::string text;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Detector {
  std::string name;   // the name in the marker; several detectors may share one
  std::string about;  // a description for people
  Category category = Category::kSecret;
  std::uint8_t profiles = 0;  // a bit for each Profile
  // RE2, UTF-8, leftmost-first. The match is hidden, or only its first group if it has one. With `context` the
  // expression must match the whole value of an assignment whose name contains one of the context words.
  std::vector<std::string> expressions;
  std::vector<std::string> keywords;  // every match contains one of these, in this spelling unless (?i) is on
  std::vector<std::string> context;   // lower case
  Shapes shapes = 0;                  // instead of keywords: the scanner must find one of these shapes
  std::vector<Check> checks;
  std::vector<Example> positive, negative;

  bool in(Profile profile) const noexcept { return (profiles >> static_cast<unsigned>(profile) & 1U) != 0; }
};

// In order of preference: of two hits with the same position and length, the hit of the earlier detector wins. The
// vector lives as long as the process.
const std::vector<Detector>& detectors();

// An expression of a detector that is searched for in a text.
struct Pattern {
  const Detector* detector;
  std::string_view expression;
  bool group;  // only the first group is hidden
};

inline constexpr std::size_t kMaxPatterns = 512;
using PatternSet = std::bitset<kMaxPatterns>;

// All expressions in the order of detectors().
const std::vector<Pattern>& patterns();

// Parses the format of detectors.txt. Throws Error(kInternal) with the line number. For detectors() and for tests.
std::vector<Detector> parse_detectors(std::string_view text);

}  // namespace plog::redact
