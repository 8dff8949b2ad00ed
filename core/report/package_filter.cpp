#include "report/package_filter.h"

#include <algorithm>

#include "base/error.h"
#include "query/filter_json.h"

namespace plog::report {

PackageFilter::PackageFilter(const json::Value& object) {
  if (!object.is_object()) throw Error(Status::kInvalid, "filter must be an object");
  json::Value query = object;
  for (const char* name : {"order", "limit", "offset", "after"}) {
    if (object.find(name) != nullptr) {
      throw Error(Status::kInvalid, std::string("filter: `") + name + "` is not allowed in an export; remove it");
    }
  }
  if (const json::Value* id = object.find("event_id")) {
    if (!id->is_string()) throw Error(Status::kInvalid, "filter: `event_id` must be a string");
    event_id = resolved_id(id->text());
    query.object().erase("event_id");
  }
  events = query::parse_filter(query.canonical());
  everything = object.object().empty();
  if (everything) events.include_system = true;
  const bool referring = std::any_of(events.references.begin(), events.references.end(),
                                     [](const auto& reference) { return reference.has_value(); });
  whole_chains = !event_id && !events.session && !events.source && !events.type && !events.name && !events.status &&
                 !events.since && !events.until && events.labels.empty() && !referring;
}

}  // namespace plog::report
