// Operations that summarise a ledger.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "operations/operation.h"
#include "store/store.h"

namespace plog::operations {

std::span<const Operation> overview_operations() noexcept;

using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

// Counts the markers of each built-in detector in all events and their warnings. Throws kCancelled.
Counts count_redactions(store::Store& store, const Progress& progress);

// The results of `stats`, and the elements of those of `agents` and `sessions`. `redactions` may be null.
json::Value stats_value(const store::Summary& summary, const std::string& db_path, const Counts* redactions);
json::Value agent_value(const store::AgentSummary& agent);
json::Value session_value(const store::SessionSummary& session);

}  // namespace plog::operations
