// Splits a JSON object into the texts of its members.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plog::json {

struct Member {
  std::string name;
  std::string_view value;  // as it was written; part of the text that was split
};

// Returns the members of the object that `text` contains, in their order; a name that occurs twice is returned twice.
// The values are complete JSON texts. Throws Error(kInvalid) if the text is malformed, as Reader does, or is not an
// object. `text` must be valid UTF-8.
std::vector<Member> members(std::string_view text);

}  // namespace plog::json
