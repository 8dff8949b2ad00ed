// Who an event says it is: the two top-level members that a ledger's row repeats, found without parsing the rest.
#pragma once

#include <optional>
#include <string_view>

namespace plog::ledger {

// The insides of the string literals, still escaped; nullopt when there is no such member, or it is no string.
struct Identity {
  std::optional<std::string_view> agent_id;
  std::optional<std::string_view> id;
};

// Reads canonical octets (an object without white space). Only members of the outermost object count, whatever nested
// values and texts hold. Octets that are not canonical give some answer or none, and are never read beyond their end.
Identity identity_of(std::string_view canonical) noexcept;

}  // namespace plog::ledger
