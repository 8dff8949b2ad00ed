// The built-in detectors: read from detectors.txt, which is compiled into the library.
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

// One check of a match, with its argument if it takes one.
struct Check {
  std::string name;
  Accept accept = nullptr;
  double argument = 0;
};

// An example: `text` with what the detector hides between `begin` and `end`. In a negative example nothing is hidden.
struct Example {
  std::string text;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Detector {
  std::string name;  // of the marker
  std::string about;
  Category category = Category::kSecret;
  std::uint8_t profiles = 0;  // a bit for each Profile
  // RE2, UTF-8, leftmost-first. A match is hidden, or its first group where there is one. With `context` the expression
  // is what the whole value of an assignment must match whose name holds one of these words.
  std::vector<std::string> expressions;
  std::vector<std::string> keywords;  // every match holds one of these, in any case; lower case
  std::vector<std::string> context;
  Shapes shapes = 0;  // instead of keywords: what the scanner of shapes must see
  std::vector<Check> checks;
  std::vector<Example> positive, negative;

  bool in(Profile profile) const noexcept { return (profiles >> static_cast<unsigned>(profile) & 1U) != 0; }
};

// In order of preference: of two hits at the same place and of the same length the earlier detector's wins.
const std::vector<Detector>& detectors();

// An expression of a detector that is searched for in a text.
struct Pattern {
  const Detector* detector;
  std::string_view expression;
  bool group;  // the first group is what is hidden
};

inline constexpr std::size_t kMaxPatterns = 512;
using PatternSet = std::bitset<kMaxPatterns>;

// All expressions in the order of detectors().
const std::vector<Pattern>& patterns();

// Reads the format of detectors.txt; throws Error(kInternal) naming the line. For detectors() and for tests.
std::vector<Detector> parse_detectors(std::string_view text);

}  // namespace plog::redact
