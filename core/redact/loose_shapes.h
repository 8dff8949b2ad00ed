// The scanner of the shapes that no single byte gives away.
#pragma once

#include "redact/shapes.h"

namespace plog::redact {

// Returns those of the wanted shapes in kLooseShapes that occur in [begin, end). They need a pass of their own.
Shapes scan_loose(const char* begin, const char* end, Shapes wanted) noexcept;

}  // namespace plog::redact
