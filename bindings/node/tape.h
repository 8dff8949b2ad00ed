// Reads a tape, written by node/src/tape.ts, into the event writer of plog.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "provenlog/plog.h"

namespace plog::node {

// Writes the members of an event, or one value, in [tape, tape + size) to `event`. `names` are the fields that a tape
// refers to by index. False: the bytes are not a valid tape, which is a defect of the package. The caller must then
// cancel the event.
bool write_tape(const std::uint8_t* tape, std::size_t size, const std::vector<std::string>& names, plog_event* event);

}  // namespace plog::node
