// Filters in the form in which they cross the C API: JSON text.
#pragma once

#include <string_view>

#include "store/filter.h"

namespace plog::query {

// Reads a filter as plog.h documents it at plog_client_query. Empty text is the empty filter, and a member that is null
// counts as absent. Throws Error(kInvalid) if the text is not UTF-8 or not a JSON object, and for an unknown member or
// a member with a wrong type or value, which the message names.
store::Filter parse_filter(std::string_view json);

}  // namespace plog::query
