// The check that a JSON text is in canonical form (RFC 8785).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace plog::json {

// Returns true exactly if json::parse(text).canonical() would return the same text: no white space, members sorted and
// without duplicates, strings with minimal escapes, numbers as canonical_number writes them, valid UTF-8. Reads the
// text once and builds no tree. Returns false if containers are nested more than 512 levels deep.
bool is_canonical(std::string_view text);

// The first byte of a text at which it is known not to be canonical, and why, as the end of a sentence that begins with
// "byte N".
struct CanonicalFlaw {
  std::size_t at = 0;
  const char* why = "";
};
// Returns nothing if the text is canonical.
std::optional<CanonicalFlaw> find_canonical_flaw(std::string_view text);

}  // namespace plog::json
