// plog stats, plog agents and plog sessions.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/ledger.h"
#include "cli/table.h"
#include "json/value.h"
#include "operations/overview.h"

namespace plog::cli {
namespace {

constexpr std::size_t kBarWidth = 20;

void print_json(Context& context, const json::Value& value) {
  const std::string text = value.canonical();
  context.out.line(context.terminal.interactive ? escape_json(text) : text);
}

using operations::Counts;

std::string field(const Terminal& terminal, std::string_view name, const std::string& value) {
  std::string label(name);
  label.resize(12, ' ');
  return paint(label, Color::kDim, terminal.color) + value + "\n";
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
  const Counts redactions = options.redactions ? operations::count_redactions(ledger.store(), {}) : Counts();
  if (options.json) {
    print_json(context, operations::stats_value(summary, ledger.path(), options.redactions ? &redactions : nullptr));
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
  if (summary.events > 0) text += field(terminal, "time", times(summary.first, summary.last));
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
  for (const store::AgentSummary& agent : ledger.store().agents(options.include_system, "", store::kNoLimit)) {
    if (options.json) {
      print_json(context, operations::agent_value(agent));
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
       ledger.store().sessions(options.agent, 0, options.all ? store::kNoLimit : options.last)) {
    if (options.json) {
      print_json(context, operations::session_value(session));
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
