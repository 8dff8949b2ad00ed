// Reads a tape (node/src/encode.ts writes it) into the event writer of plog.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "provenlog/plog.h"

namespace plog::node {

// Writes the members that stand in [tape, tape + size) into `event`. `names` are the fields that a tape names by
// number. False: the octets are no tape, which is a defect of the package; the event is to be cancelled.
bool write_tape(const std::uint8_t* tape, std::size_t size, const std::vector<std::string>& names, plog_event* event);

}  // namespace plog::node
