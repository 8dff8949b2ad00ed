// Whether octets are the one form that RFC 8785 gives a JSON text.
#pragma once

#include <string_view>

namespace plog::json {

// True for exactly the texts that json::parse(text).canonical() gives back: no white space, members in order and
// without duplicates, strings with the least escapes, numbers as canonical_number writes them, valid UTF-8. Reads the
// text once, builds nothing. False for nesting below depth 512.
bool is_canonical(std::string_view text);

}  // namespace plog::json
