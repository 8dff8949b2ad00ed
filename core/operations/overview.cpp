#include "operations/overview.h"

#include <map>

#include "base/error.h"
#include "redact/marker_counts.h"

namespace plog::operations {
namespace {

using json::Value;

constexpr Parameter kStatsParameters[] = {
    {.name = "redactions",
     .kind = ParameterKind::kBoolean,
     .default_value = "false",
     .about = "Also count the markers of each detector, which reads all events."},
};

constexpr Parameter kLimit{.name = "limit",
                           .kind = ParameterKind::kInteger,
                           .minimum = 1,
                           .maximum = kMaxPage,
                           .default_value = "100",
                           .about = "The largest number of elements in the result."};

constexpr Parameter kAgentsParameters[] = {
    {.name = "include_system",
     .kind = ParameterKind::kBoolean,
     .default_value = "false",
     .about = "Include the reserved agent `provenlog`."},
    kLimit,
    {.name = "after", .maximum = kMaxName, .about = "`next` of an earlier result, to continue after it."},
};

constexpr Parameter kSessionsParameters[] = {
    {.name = "agent_id", .maximum = kMaxName, .about = "Only sessions of this agent."},
    kLimit,
    {.name = "offset",
     .kind = ParameterKind::kInteger,
     .minimum = 0,
     .maximum = kMaxExact,
     .default_value = "0",
     .about = "The number of sessions to skip: `next` of an earlier result. New activity moves a session to the front, "
              "so a session may then appear twice."},
};

Value time_value(Micros time, bool known) { return known ? Value(format_timestamp(time)) : Value(); }

Value counts_value(const Counts& counts) {
  Value::Object object;
  for (const auto& [name, count] : counts) object[name] = Value(count);
  return object;
}

std::string stats(const Call& call) {
  store::Store& store = call.client->readable_store();
  const bool wanted = call.parameters.flag("redactions");
  const Counts redactions = wanted ? count_redactions(store, call.progress) : Counts();
  return stats_value(store.summary(), call.client->address().path(), wanted ? &redactions : nullptr).canonical();
}

// The result of one page: `rows` has one row more than the limit if any follow.
template <typename Row, typename Describe, typename Next>
std::string page(const char* name, const std::vector<Row>& rows, std::size_t limit, Describe describe, Next next) {
  Value::Array list;
  for (std::size_t i = 0; i < rows.size() && i < limit; ++i) list.push_back(describe(rows[i]));
  const bool more = rows.size() > limit;
  return Value(Value::Object{{name, Value(std::move(list))}, {"next", more ? next() : Value()}}).canonical();
}

std::string agents(const Call& call) {
  const Parameters& given = call.parameters;
  const auto limit = static_cast<std::size_t>(given.integer("limit"));
  const auto rows =
      call.client->readable_store().agents(given.flag("include_system"), given.text("after").value_or(""), limit + 1);
  return page("agents", rows, limit, agent_value, [&] { return Value(rows[limit - 1].agent); });
}

std::string sessions(const Call& call) {
  const Parameters& given = call.parameters;
  const auto limit = static_cast<std::size_t>(given.integer("limit"));
  const auto offset = static_cast<std::uint64_t>(given.integer("offset"));
  const auto rows = call.client->readable_store().sessions(given.text("agent_id"), offset, limit + 1);
  return page("sessions", rows, limit, session_value, [&] { return Value(offset + limit); });
}

std::string counters(const Call& call) {
  const client::RecorderStats now = call.client->stats();
  Value last;
  if (now.last_error) {
    last = Value::Object{{"message", Value(now.last_error->what())},
                         {"status", Value(static_cast<std::int64_t>(now.last_error->status()))}};
  }
  return Value(Value::Object{{"accepted", Value(now.accepted)},
                             {"stored", Value(now.stored)},
                             {"recovered", Value(now.recovered)},
                             {"duplicates", Value(now.duplicates)},
                             {"conflicts", Value(now.conflicts)},
                             {"dropped", Value(now.dropped)},
                             {"gaps", Value(now.gaps)},
                             {"queued_events", Value(now.queued_events)},
                             {"queued_bytes", Value(now.queued_bytes)},
                             {"truncated", Value(now.truncated)},
                             {"redactions", Value(now.redactions)},
                             {"errors", Value(now.errors)},
                             {"last_error", std::move(last)}})
      .canonical();
}

constexpr Operation kOperations[] = {
    {.name = "stats",
     .progress = true,
     .parameters = kStatsParameters,
     .about = "Summarises the ledger.",
     .result = "The members of `plog stats --json`.",
     .run = stats},
    {.name = "agents",
     .parameters = kAgentsParameters,
     .about = "Lists the agents by their ids.",
     .result =
         "`{\"agents\", \"next\"}`: each agent has the members of `plog agents --json`; `next` is null at the end, "
         "otherwise the value of `after` that continues.",
     .run = agents},
    {.name = "sessions",
     .parameters = kSessionsParameters,
     .about = "Lists the sessions, most recently active first.",
     .result = "`{\"sessions\", \"next\"}`: each session has the members of `plog sessions --json`; `next` is null at "
               "the end, otherwise the value of `offset` that continues.",
     .run = sessions},
    {.name = "counters",
     .about = "Returns the counters of this process for the ledger, over all its clients.",
     .result = "The members of `plog_client_stats_t` in `plog.h`, and `last_error`: null, or `{\"status\", "
               "\"message\"}` of the newest asynchronous error.",
     .run = counters},
};

}  // namespace

std::span<const Operation> overview_operations() noexcept { return kOperations; }

Counts count_redactions(store::Store& store, const Progress& progress) {
  constexpr std::size_t kPage = 4096;
  std::map<std::string, std::int64_t> markers;
  store::Filter filter;
  filter.include_system = true;
  const std::uint64_t total = progress ? store.count(filter) : 0;
  std::uint64_t done = 0;
  std::vector<store::EventRow> rows;
  for (bool more = true; more;) {
    rows.clear();
    more = store.page(filter, kPage, rows);
    for (const store::EventRow& row : rows) {
      redact::count_markers(row.canonical, 1, markers);
      redact::count_markers(row.warnings, 1, markers);
    }
    done += rows.size();
    if (progress && !progress(done, std::max(done, total))) {
      throw Error(Status::kCancelled, "the count of redactions was stopped");
    }
  }
  Counts counts;
  for (const auto& [name, count] : markers) {
    if (redact::about_builtin(name)) counts.emplace_back(name, static_cast<std::uint64_t>(count));
  }
  return counts;
}

Value stats_value(const store::Summary& summary, const std::string& db_path, const Counts* redactions) {
  const bool any = summary.events > 0;
  Value::Object object{{"db_path", Value(db_path)},
                       {"ledger_id", summary.ledger_id.empty() ? Value() : Value(summary.ledger_id)},
                       {"total_events", Value(summary.events)},
                       {"system_events", Value(summary.system_events)},
                       {"error_events", Value(summary.errors)},
                       {"agents", Value(summary.agents)},
                       {"sessions", Value(summary.sessions)},
                       {"first_activity", time_value(summary.first, any)},
                       {"last_activity", time_value(summary.last, any)},
                       {"by_type", counts_value(summary.by_type)},
                       {"by_status", counts_value(summary.by_status)}};
  for (const auto& [name, bytes] : summary.storage) object[name] = Value(bytes);
  if (redactions != nullptr) object["redactions"] = counts_value(*redactions);
  return object;
}

Value agent_value(const store::AgentSummary& agent) {
  return Value::Object{{"agent_id", Value(agent.agent)},
                       {"event_count", Value(agent.events)},
                       {"first_activity", time_value(agent.first, true)},
                       {"last_activity", time_value(agent.last, true)}};
}

Value session_value(const store::SessionSummary& session) {
  return Value::Object{{"session_id", Value(session.session)},
                       {"agent_id", Value(session.agent)},
                       {"event_count", Value(session.events)},
                       {"error_count", Value(session.errors)},
                       {"first_activity", time_value(session.first, true)},
                       {"last_activity", time_value(session.last, true)}};
}

}  // namespace plog::operations
