// What a package is an export of, as its document says it.
#pragma once

#include <optional>

#include "base/uuid.h"
#include "json/value.h"
#include "store/filter.h"

namespace plog::report {

// The JSON object: as for queries (plog.h, plog_client_query) without order, limit, offset and after, and with
// `event_id` for one event.
struct PackageFilter {
  PackageFilter() = default;
  // Throws kInvalid, naming the member at fault.
  explicit PackageFilter(const json::Value& object);

  store::Filter events;
  std::optional<Uuid> event_id;
  bool everything = false;    // no condition at all: the ledger's own events too
  bool whole_chains = false;  // no condition but the agent: no event of a chain may be missing
};

}  // namespace plog::report
