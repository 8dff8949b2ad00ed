// Cuts a canonical event to its size limit (max_event_bytes), as docs/formats.md describes. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plog::event {

struct Truncated {
  std::string field;        // RFC 6901 pointer; its keys are already redacted
  std::uint64_t bytes = 0;  // size of the replaced value in canonical form
};

// Returns the marker {"bytes","head","sha256","truncated":true} of a value in canonical form.
std::string truncation_marker(std::string_view canonical_value);

// Replaces the longest free values with markers until `canonical` has at most `max_bytes` bytes. Returns what was
// replaced, in order. The result can remain longer only because of structural fields, whose sizes are limited.
std::vector<Truncated> truncate_event(std::string& canonical, std::uint64_t max_bytes);

}  // namespace plog::event
