// Filters as they cross the C API: JSON text.
#pragma once

#include <string_view>

#include "store/filter.h"

namespace plog::query {

// Reads a filter with the grammar that plog.h gives at plog_client_query; empty text is the empty filter. Throws
// Error(kInvalid) that names the member at fault: malformed JSON, an unknown member, a value of the wrong type or out
// of range, a time that is none, a text that is no UTF-8. A member that is null is as if it were absent.
store::Filter parse_filter(std::string_view json);

}  // namespace plog::query
