// The filter of an export: which events its document claims to contain.
#pragma once

#include <optional>

#include "base/uuid.h"
#include "json/value.h"
#include "store/filter.h"

namespace plog::report {

// Parsed from a JSON object: the filter of a query (plog.h, plog_client_query) without order, limit, offset and after,
// but with `event_id` for one event.
struct PackageFilter {
  PackageFilter() = default;
  // Throws kInvalid, with the name of the member at fault.
  explicit PackageFilter(const json::Value& object);

  store::Filter events;
  std::optional<Uuid> event_id;
  bool everything = false;    // no condition at all; includes the system events
  bool whole_chains = false;  // no condition but the agent, so no event of a chain may be missing
};

}  // namespace plog::report
