#include "cli/report_text.h"

#include <algorithm>

#include "base/error.h"
#include "cli/format.h"
#include "cli/handles.h"

namespace plog::cli {
namespace {

constexpr std::size_t kShownFindings = 20;

std::string describe_finding(const json::Value& finding) {
  std::string text = text_of(finding, "what");
  const std::string agent = text_of(finding, "agent_id");
  const std::uint64_t sequence = count_of(finding, "sequence");
  if (!agent.empty()) text = agent + (sequence > 0 ? ", event " + format_count(sequence) : "") + ": " + text;
  return escape(text);
}

// One line per finding; without findings, the error if there is one.
std::string describe_findings(const json::Value& report) {
  std::string text;
  const json::Value* findings = report.find("findings");
  const bool found = findings != nullptr && findings->is_array() && !findings->array().empty();
  if (const std::string error = text_of(report, "error"); !found && !error.empty()) text += "  " + escape(error) + "\n";
  if (!found) return text;
  const auto& list = findings->array();
  for (std::size_t i = 0; i < list.size() && i < kShownFindings; ++i) text += "  " + describe_finding(list[i]) + "\n";
  const std::uint64_t count = std::max<std::uint64_t>(list.size(), count_of(report, "finding_count"));
  if (count > kShownFindings) text += "  and " + format_count(count - kShownFindings) + " more\n";
  return text;
}

std::string describe_assurance(const json::Value& report, bool valid) {
  std::string text;
  const bool of_ledger = report.find("heads") != nullptr;
  if (const json::Value* heads = report.find("heads"); heads != nullptr && heads->is_array()) {
    for (const json::Value& head : heads->array()) {
      text += "  head " + escape(text_of(head, "source")) + ": " + escape(text_of(head, "status"));
      if (const std::uint64_t size = count_of(head, "size"); size > 0) {
        text += ", covers " + format_counted(size, "event", "events");
      }
      text += "\n";
    }
  }
  const std::string assurance = text_of(report, "assurance");
  // An invalid ledger has no assurance.
  if (!valid || assurance.empty()) return text;
  text += "  assurance: " + escape(assurance);
  const std::uint64_t reach = count_of(report, "assurance_events");
  if (reach > 0) {
    text += " (the head covers " + format_counted(reach, "event", "events") + ")";
  } else if (of_ledger) {
    text += " (no head covers the events)";
  }
  return text + "\n";
}

void print_report(Context& context, const VerdictPrint& options, const json::Value& report, bool valid) {
  const bool color = context.terminal.color;
  const std::string verdict = text_of(report, "verdict");
  std::string text = paint((valid ? "✔ " : "✘ ") + escape(verdict), valid ? Color::kGreen : Color::kRed, color);
  if (count_of(report, "events") > 0) {
    text += "  " + format_counted(count_of(report, "events"), "event", "events") + " of " +
            format_counted(count_of(report, "agents"), "agent", "agents") + " checked";
    if (const std::string level = text_of(report, "level"); !level.empty() && level != "full") {
      text += " (" + escape(level) + ")";
    }
  }
  if (options.agent) text += ", agent " + escape(*options.agent);
  text += "\n" + describe_findings(report);
  if (const std::uint64_t tail = count_of(report, "tail"); tail > 0) {
    text += "  " + format_counted(tail, "event", "events") + " after the newest head\n";
  }
  if (const std::uint64_t recovered = count_of(report, "recovered"); recovered > 0) {
    text += "  " + format_counted(recovered, "event", "events") + " adopted from journals of dead processes\n";
  }
  if (const std::uint64_t pending = count_of(report, "pending"); pending > 0) {
    text += "  " + format_counted(pending, "record", "records") + " in journals, not yet in the ledger\n";
  }
  if (const json::Value* notes = report.find("notes"); notes != nullptr && notes->is_array()) {
    for (const json::Value& note : notes->array()) text += "  note: " + escape(note.text()) + "\n";
  }
  context.out.write(text + paint(describe_assurance(report, valid), Color::kDim, color));
}

}  // namespace

std::uint64_t count_of(const json::Value& report, std::string_view name) {
  const json::Value* value = report.find(name);
  std::int64_t number = 0;
  return value != nullptr && value->to_int64(&number) && number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string();
}

std::string report_of(const std::function<std::string()>& verify,
                      const std::function<std::string(const std::string& error)>& refused) {
  try {
    return verify();
  } catch (const Error& error) {
    if (error.status() == Status::kCancelled) throw;
    return refused(error.what());
  }
}

int print_verdict(Context& context, const std::string& text, const VerdictPrint& print) {
  const json::Value report = json::parse(text);
  const json::Value* valid_member = report.find("valid");
  const bool valid = valid_member != nullptr && valid_member->as_bool();
  // If the reader of the report is gone, the exit code still is that of the verdict.
  try {
    if (print.json) {
      context.out.line(context.terminal.interactive ? escape_json(text) : text);
    } else {
      print_report(context, print, report, valid);
    }
    context.out.flush();
  } catch (const BrokenPipe&) {
  }
  if (valid && !print.strict) return kExitOk;
  return plog_verdict_exit_code(text_of(report, "verdict").c_str());
}

}  // namespace plog::cli
