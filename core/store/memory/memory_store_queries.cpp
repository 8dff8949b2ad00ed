// The reading calls of MemoryStore.
#include <algorithm>
#include <map>
#include <set>

#include "store/memory/memory_store.h"

namespace plog::store::memory {
namespace {

constexpr std::string_view kErrorStatus = "error";
// As in the SQLite driver: a page ends early once its events are this large.
constexpr std::size_t kPageBytes = 4u << 20;

bool is_system(const Row& row) { return row.agent == event::kSystemAgent; }
bool is_error(const Row& row) { return row.text(ledger::Column::kStatus) == kErrorStatus; }

// Adds an event to the counts and times of an AgentSummary, a SessionSummary or a Summary.
template <typename Sums>
void add_to(Sums& sums, const Row& row) {
  const Micros time = row.index.time;
  sums.first = sums.events == 0 ? time : std::min(sums.first, time);
  sums.last = sums.events == 0 ? time : std::max(sums.last, time);
  ++sums.events;
}

std::vector<std::pair<std::string, std::uint64_t>> most_frequent_first(
    const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

bool is_after(const Row& row, const Filter& filter) {
  if (!filter.after) return true;
  return filter.descending ? row.commit_index < *filter.after : row.commit_index > *filter.after;
}

}  // namespace

bool MemoryStore::page(Filter& filter, std::size_t page, std::vector<EventRow>& out) {
  const std::uint64_t wanted = std::min<std::uint64_t>(page, filter.limit.value_or(page));
  if (wanted == 0) return false;
  const StatePointer state = committed();
  const std::size_t size = state->rows.size();
  std::uint64_t skipped = 0, got = 0;
  std::size_t bytes = 0;
  bool more = false;
  for (std::size_t i = 0; i < size && !more; ++i) {
    const Row& row = *state->rows[filter.descending ? size - 1 - i : i];
    if (!is_after(row, filter) || !matches(row, filter)) continue;
    if (skipped < filter.offset) {
      ++skipped;
    } else if (got == wanted || bytes > kPageBytes) {
      more = true;
    } else {
      out.push_back(row.event_row());
      bytes += row.canonical.size();
      ++got;
    }
  }
  if (got > 0) {
    filter.offset = 0;
    filter.after = out.back().commit_index;
  }
  if (filter.limit) {
    *filter.limit -= got;
    if (*filter.limit == 0) more = false;
  }
  return more;
}

std::uint64_t MemoryStore::count(const Filter& filter) {
  const StatePointer state = committed();
  return static_cast<std::uint64_t>(std::count_if(state->rows.begin(), state->rows.end(),
                                                  [&](const RowPointer& row) { return matches(*row, filter); }));
}

std::optional<EventRow> MemoryStore::find(const Uuid& id, const std::optional<std::string>& agent) {
  const StatePointer state = committed();
  for (const RowPointer& row : state->rows) {
    if (row->index.id == id && (!agent || row->agent == *agent)) return row->event_row();
  }
  return std::nullopt;
}

std::optional<std::string> MemoryStore::context(std::string_view key, std::string_view value) {
  const StatePointer state = committed();
  const auto found = state->contexts.find({std::string(key), std::string(value)});
  return found == state->contexts.end() ? std::nullopt : std::optional(found->second);
}

std::vector<AgentSummary> MemoryStore::agents(bool include_system, std::string_view after, std::uint64_t limit) {
  const StatePointer state = committed();
  std::map<std::string, AgentSummary> sums;
  for (const RowPointer& row : state->rows) {
    if (!include_system && is_system(*row)) continue;
    AgentSummary& agent = sums[row->agent];
    agent.agent = row->agent;
    add_to(agent, *row);
  }
  std::vector<AgentSummary> agents;
  for (auto at = after.empty() ? sums.begin() : sums.upper_bound(std::string(after));
       at != sums.end() && agents.size() < limit; ++at) {
    agents.push_back(std::move(at->second));
  }
  return agents;
}

std::vector<SessionSummary> MemoryStore::sessions(const std::optional<std::string>& agent, std::uint64_t offset,
                                                  std::uint64_t limit) {
  const StatePointer state = committed();
  std::map<std::pair<std::string, std::string>, std::pair<SessionSummary, std::uint64_t>> sums;  // with the last commit
  for (const RowPointer& row : state->rows) {
    const std::optional<std::string>& session = row->text(ledger::Column::kSession);
    if (!session || (agent ? row->agent != *agent : is_system(*row))) continue;
    auto& [sum, last_commit] = sums[{row->agent, *session}];
    sum.agent = row->agent;
    sum.session = *session;
    sum.errors += is_error(*row) ? 1 : 0;
    add_to(sum, *row);
    last_commit = row->commit_index;
  }
  std::map<std::uint64_t, SessionSummary, std::greater<>> newest_first;
  for (auto& [key, value] : sums) newest_first.emplace(value.second, std::move(value.first));
  std::vector<SessionSummary> sessions;
  for (auto& [last_commit, sum] : newest_first) {
    if (offset > 0) {
      --offset;
      continue;
    }
    if (sessions.size() == limit) break;
    sessions.push_back(std::move(sum));
  }
  return sessions;
}

Summary MemoryStore::summary() {
  const StatePointer state = committed();
  Summary summary;
  std::set<std::string> agents, sessions;
  std::map<std::string, std::uint64_t> types, statuses;
  std::uint64_t bytes = 0;
  for (const RowPointer& row : state->rows) {
    bytes += row->canonical.size() + row->warnings.size();
    if (is_system(*row)) {
      ++summary.system_events;
      continue;
    }
    add_to(summary, *row);
    summary.errors += is_error(*row) ? 1 : 0;
    agents.insert(row->agent);
    if (const auto& session = row->text(ledger::Column::kSession)) sessions.insert(*session);
    if (const auto& type = row->text(ledger::Column::kType)) ++types[*type];
    if (const auto& status = row->text(ledger::Column::kStatus)) ++statuses[*status];
  }
  summary.agents = agents.size();
  summary.sessions = sessions.size();
  summary.by_type = most_frequent_first(types);
  summary.by_status = most_frequent_first(statuses);
  summary.ledger_id = state->meta_text(kMetaLedgerId);
  summary.storage = {{"event_bytes", bytes}};
  return summary;
}

std::string MemoryStore::meta(std::string_view key) { return committed()->meta_text(key); }

std::string MemoryStore::tile(unsigned level, std::uint64_t index) { return committed()->tile(level, index); }

std::vector<std::pair<Uuid, JournalPosition>> MemoryStore::journals() {
  const StatePointer state = committed();
  return {state->journals.begin(), state->journals.end()};
}

}  // namespace plog::store::memory
