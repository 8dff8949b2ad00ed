// Finds the two top-level members of an event that its row repeats, agent_id and id, without parsing the rest.
#pragma once

#include <optional>
#include <string_view>

namespace plog::ledger {

// The contents of the string literals, still escaped. nullopt if the member is missing or is not a string.
struct Identity {
  std::optional<std::string_view> agent_id;
  std::optional<std::string_view> id;
};

// `canonical` is an object in RFC 8785 form. Only members of the outermost object count, whatever nested values and
// texts contain. For bytes that are not canonical the result is unspecified, but nothing is read past their end.
Identity identity_of(std::string_view canonical) noexcept;

}  // namespace plog::ledger
