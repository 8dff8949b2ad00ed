// Reads JSON text into a Builder.
#pragma once

#include <string_view>

#include "event/builder.h"
#include "json/reader.h"

namespace plog::event {

// Writes the members of one JSON object as the event's top-level fields. Throws Error(kInvalid) if the text is
// malformed or not an object.
void read_event(json::Reader& reader, std::string_view text, Builder& builder);

// Writes one JSON text as the builder's next value. Throws Error(kInvalid) if the text is malformed.
void read_value(json::Reader& reader, std::string_view text, Builder& builder);

}  // namespace plog::event
