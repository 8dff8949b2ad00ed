// What decides after an expression has matched, by name: checks that a regular expression cannot make.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

// A match, which a check may narrow to what is to be hidden.
struct Match {
  std::size_t begin = 0;
  std::size_t end = 0;
  // After a refusal the search goes on here. Beyond the match's begin; the start of every other match that could be
  // accepted must not lie before it.
  std::size_t resume = 0;
};

using Accept = bool (*)(std::string_view text, Match& match, double argument);

// Null if there is no check of that name.
Accept accept_named(std::string_view name) noexcept;

}  // namespace plog::redact
