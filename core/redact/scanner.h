// The scanner of shapes: one pass over the octets that looks closer only at rare ones.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "redact/shapes.h"

namespace plog::redact {

// A superset of the wanted shapes that stand somewhere in the text. Pure; linear time.
Shapes scan_shapes(std::string_view text, Shapes wanted) noexcept;

// The same over strings each followed by kSeparator: appends one offset inside each string with a wanted shape. Also
// finds what an escape, such as "\\n", hides from it.
void scan_strings(std::string_view strings, Shapes wanted, std::vector<std::uint32_t>& candidates);

// The same result as scan_shapes without vector instructions, for tests.
Shapes scan_shapes_portable(std::string_view text, Shapes wanted) noexcept;

// The shapes of kLooseShapes, which take a pass of their own.
Shapes scan_loose(const char* begin, const char* end, Shapes wanted) noexcept;

}  // namespace plog::redact
