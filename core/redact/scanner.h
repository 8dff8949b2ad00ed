// The scanner of shapes: one pass over the bytes that examines only the rare ones closely.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "redact/shapes.h"

namespace plog::redact {

// Returns a superset of the wanted shapes that occur in the text. Thread-safe; takes linear time.
Shapes scan_shapes(std::string_view text, Shapes wanted) noexcept;

// Like scan_shapes, for strings that are each followed by kSeparator. Appends to `candidates`, in ascending order, one
// byte offset inside each string with a wanted shape. Also finds shapes that follow an escape such as "\\n".
void scan_strings(std::string_view strings, Shapes wanted, std::vector<std::uint32_t>& candidates);

// Returns the same result as scan_shapes, without vector instructions. For tests.
Shapes scan_shapes_portable(std::string_view text, Shapes wanted) noexcept;

}  // namespace plog::redact
