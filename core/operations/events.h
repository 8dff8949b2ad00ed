// Operations that record events and read them back.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "operations/operation.h"
#include "store/store.h"

namespace plog::operations {

std::span<const Operation> event_operations() noexcept;

// Finds an event by its id, as the agent gave it or as it is stored, or by its place, such as "@42". If `agent` is set,
// an id is looked up among that agent's events only. Returns nullopt if there is no such event.
std::optional<store::EventRow> find_event(store::Store& store, const std::string& id,
                                          const std::optional<std::string>& agent);

}  // namespace plog::operations
