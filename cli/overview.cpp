// plog stats, plog agents and plog sessions.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/ledger.h"
#include "cli/markers.h"
#include "cli/table.h"
#include "json/value.h"

namespace plog::cli {
namespace {

constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 53;
constexpr std::size_t kBarWidth = 20;

json::Value time_value(Micros time, bool known) {
  return known ? json::Value(plog::format_timestamp(time)) : json::Value();
}

void print_json(Context& context, json::Value::Object object) {
  const std::string text = json::Value(std::move(object)).canonical();
  context.out.line(context.terminal.interactive ? escape_json(text) : text);
}

using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

json::Value counts_value(const Counts& counts) {
  json::Value::Object object;
  for (const auto& [name, count] : counts) object[name] = json::Value(count);
  return json::Value(std::move(object));
}

std::string field(const Terminal& terminal, std::string_view name, const std::string& value) {
  std::string label(name);
  label.resize(12, ' ');
  return paint(label, Color::kDim, terminal.color) + value + "\n";
}

// Counts the markers of each built-in detector in all events and their warnings.
Counts count_redactions(store::Store& store) {
  constexpr std::size_t kPage = 4096;
  std::map<std::string, std::int64_t> markers;
  store::Filter filter;
  filter.include_system = true;
  std::vector<store::EventRow> rows;
  for (bool more = true; more;) {
    rows.clear();
    more = store.page(filter, kPage, rows);
    for (const store::EventRow& row : rows) {
      count_markers(row.canonical, 1, markers);
      count_markers(row.warnings, 1, markers);
    }
  }
  Counts counts;
  for (const auto& [name, count] : markers) {
    if (about_builtin(name)) counts.emplace_back(name, static_cast<std::uint64_t>(count));
  }
  return counts;
}

std::string counts_table(const Terminal& terminal, const char* title, const char* what, Counts counts) {
  if (counts.empty()) return {};
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::uint64_t total = 0;
  for (const auto& entry : counts) total += entry.second;
  std::vector<Row> rows;
  for (const auto& [name, count] : counts) {
    const double share = total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
    std::string bar;
    const auto size = static_cast<std::size_t>(std::lround(share * kBarWidth));
    for (std::size_t i = 0; i < size; ++i) bar += "█";
    rows.push_back({Cell(name.empty() ? "(none)" : name), Cell(format_count(count)),
                    Cell(std::to_string(std::lround(share * 100)) + " %"), Cell(bar, Color::kCyan)});
  }
  Table table({{title, 8, 0, false}, {what, 6, 0, true}, {"SHARE", 5, 0, true}, {"", 0, 50, false}}, terminal);
  return "\n" + table.render(rows);
}

std::string times(Micros first, Micros last) { return format_time(first) + " to " + format_time(last) + " UTC"; }

}  // namespace

int run_stats(Context& context, const StatsOptions& options) {
  ReadLedger ledger(context.globals, options.read_only);
  const store::Summary summary = ledger.store().summary();
  const bool any = summary.events > 0;
  const Counts redactions = options.redactions ? count_redactions(ledger.store()) : Counts();
  if (options.json) {
    json::Value::Object object{
        {"db_path", ledger.path()},
        {"ledger_id", summary.ledger_id.empty() ? json::Value() : json::Value(summary.ledger_id)},
        {"total_events", summary.events},
        {"system_events", summary.system_events},
        {"error_events", summary.errors},
        {"agents", summary.agents},
        {"sessions", summary.sessions},
        {"first_activity", time_value(summary.first, any)},
        {"last_activity", time_value(summary.last, any)},
        {"by_type", counts_value(summary.by_type)},
        {"by_status", counts_value(summary.by_status)}};
    for (const auto& [name, bytes] : summary.storage) object[name] = bytes;
    if (options.redactions) object["redactions"] = counts_value(redactions);
    print_json(context, std::move(object));
    return kExitOk;
  }
  const Terminal& terminal = context.terminal;
  std::string text = field(terminal, "ledger", escape(ledger.path()));
  if (!summary.ledger_id.empty()) text += field(terminal, "id", escape(summary.ledger_id));
  std::string events = format_count(summary.events);
  if (summary.errors > 0) {
    const std::string errors = format_counted(summary.errors, "error", "errors");
    events += ", " + paint(errors, Color::kRed, terminal.color);
  }
  events += "; plus " + format_counted(summary.system_events, "system event", "system events");
  text += field(terminal, "events", events);
  text += field(terminal, "agents", format_count(summary.agents));
  text += field(terminal, "sessions", format_count(summary.sessions));
  if (any) text += field(terminal, "time", times(summary.first, summary.last));
  std::uint64_t bytes = 0;
  for (const auto& part : summary.storage) bytes += part.second;
  text += field(terminal, "size", format_bytes(bytes));
  context.out.write(text);
  context.out.write(counts_table(terminal, "TYPE", "EVENTS", summary.by_type));
  context.out.write(counts_table(terminal, "STATUS", "EVENTS", summary.by_status));
  if (options.redactions && redactions.empty()) context.out.write("\nno redactions\n");
  context.out.write(counts_table(terminal, "DETECTOR", "MARKERS", redactions));
  return kExitOk;
}

int run_agents(Context& context, const AgentsOptions& options) {
  ReadLedger ledger(context.globals, options.read_only);
  std::vector<Row> rows;
  for (const store::AgentSummary& agent : ledger.store().agents(options.include_system)) {
    if (options.json) {
      print_json(context, {{"agent_id", agent.agent},
                           {"event_count", agent.events},
                           {"first_activity", time_value(agent.first, true)},
                           {"last_activity", time_value(agent.last, true)}});
    } else {
      rows.push_back({Cell(agent.agent, Color::kCyan), Cell(format_count(agent.events)), Cell(format_time(agent.first)),
                      Cell(format_time(agent.last))});
    }
  }
  if (!rows.empty()) {
    Table table({{"AGENT", 8, 0, false}, {"EVENTS", 6, 0, true}, {"FIRST (UTC)", 19, 80, false}, {"LAST (UTC)", 19}},
                context.terminal);
    context.out.write(table.render(rows));
  }
  return kExitOk;
}

int run_sessions(Context& context, const SessionsOptions& options) {
  ReadLedger ledger(context.globals, options.read_only);
  std::vector<Row> rows;
  for (const store::SessionSummary& session :
       ledger.store().sessions(options.agent, options.all ? kNoLimit : options.last)) {
    if (options.json) {
      print_json(context, {{"session_id", session.session},
                           {"agent_id", session.agent},
                           {"event_count", session.events},
                           {"error_count", session.errors},
                           {"first_activity", time_value(session.first, true)},
                           {"last_activity", time_value(session.last, true)}});
    } else {
      rows.push_back({Cell(session.session, Color::kBold), Cell(session.agent, Color::kCyan),
                      Cell(format_count(session.events)),
                      Cell(format_count(session.errors), session.errors > 0 ? Color::kRed : Color::kDim),
                      Cell(format_time(session.first)), Cell(format_time(session.last)),
                      Cell(format_duration((session.last - session.first) / 1000))});
    }
  }
  if (!rows.empty()) {
    Table table({{"SESSION", 8, 0, false},
                 {"AGENT", 8, 0, false},
                 {"EVENTS", 6, 0, true},
                 {"ERRORS", 6, 0, true},
                 {"FIRST (UTC)", 19, 120, false},
                 {"LAST (UTC)", 19, 0, false},
                 {"SPAN", 7, 80, true}},
                context.terminal);
    context.out.write(table.render(rows));
  }
  return kExitOk;
}

}  // namespace plog::cli
