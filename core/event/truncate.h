// Cuts an event to its size limit (design 3.1, max_event_bytes). Works on canonical octets; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plog::event {

struct Truncated {
  std::string field;  // RFC 6901 pointer; keys as they stand in the octets, that is redacted
  std::uint64_t bytes = 0;
};

// The marker {"bytes","head","sha256","truncated":true} of a value, given as canonical octets.
std::string truncation_marker(std::string_view canonical_value);

// While `canonical` is longer than `max_bytes`: the longest free field becomes its marker. Returns what was replaced,
// in order; the result may stay longer only by structural fields, which are small.
std::vector<Truncated> truncate_event(std::string& canonical, std::uint64_t max_bytes);

}  // namespace plog::event
