// Checks, selected by name, that run after an expression has matched: what a regular expression cannot express.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

// The bytes [begin, end) of a text that an expression matched. A check may narrow them to the part to hide.
struct Match {
  std::size_t begin = 0;
  std::size_t end = 0;
  // Where the search continues if the match is rejected. Greater than the position at which the whole match begins. No
  // acceptable match may begin between the two.
  std::size_t resume = 0;
};

// Decides whether `match` in `text` is hidden. `argument` is the number given in detectors.txt, or 0.
using Accept = bool (*)(std::string_view text, Match& match, double argument);

// Returns null if there is no check of this name.
Accept accept_named(std::string_view name) noexcept;

}  // namespace plog::redact
