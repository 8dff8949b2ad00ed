#include "cli/event_view.h"

#include <algorithm>
#include <iterator>

#include "base/encoding.h"
#include "base/error.h"
#include "cli/format.h"
#include "json/text.h"

namespace plog::cli {
namespace {

constexpr std::size_t kOneLine = 76;       // JSON that fits this width stays on one line
constexpr std::size_t kDetailSize = 160;   // width of the details column without a terminal
constexpr std::size_t kDetailRead = 4096;  // at most so many bytes of a value are formatted for that column

std::string_view text_field(const json::Value& event, std::string_view name) {
  const json::Value* value = event.find(name);
  return value != nullptr && value->is_string() ? std::string_view(value->text()) : std::string_view();
}

// The stored bytes may be damaged. An event that cannot be parsed is shown as an error.
json::Value read_event(const store::EventRow& row) {
  try {
    json::Value event = json::parse(row.canonical);
    if (event.is_object()) return event;
  } catch (const Error&) {
  }
  json::Value::Object damaged;
  damaged["error_message"] = "damaged: the stored bytes are not an event; run 'plog verify'";
  return json::Value(std::move(damaged));
}

json::Value read_warnings(const store::EventRow& row) {
  try {
    return json::parse(row.warnings);
  } catch (const Error&) {
    return json::Value("damaged");
  }
}

std::string duration_field(const json::Value& event) {
  const json::Value* value = event.find("duration_ms");
  if (value == nullptr || !value->is_number()) return {};
  std::int64_t milliseconds = 0;
  return value->to_int64(&milliseconds) ? format_duration(milliseconds) : value->text() + " ms";
}

// Formats a time as precisely as the terminal's width permits.
std::string time_text(Micros time, const Terminal& terminal) {
  if (terminal.width == 0 || terminal.width >= 160) return format_time(time);
  return terminal.width < 100 ? format_time_short(time) : format_time(time).substr(0, 19);
}

// The text of the details column: the error, else the output, else the input.
std::string detail(const json::Value& event) {
  const std::string_view error = text_field(event, "error_message");
  if (!error.empty()) return std::string(utf8_prefix(error, kDetailRead));
  for (const std::string_view name : {"action_output", "action_input"}) {
    const json::Value* value = event.find(name);
    if (value == nullptr) continue;
    if (value->is_object() && value->object().size() == 1 && value->object().begin()->second.is_string()) {
      value = &value->object().begin()->second;
    }
    const std::string text = value->is_string() ? value->text() : value->canonical();
    return std::string(utf8_prefix(text, kDetailRead));
  }
  return {};
}

Color token_color(const json::Value& value) {
  switch (value.type()) {
    case json::Value::Type::kString: return Color::kGreen;
    case json::Value::Type::kNumber: return Color::kCyan;
    case json::Value::Type::kBool: return Color::kYellow;
    default: return Color::kDim;
  }
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_quoted(out, text);
  return escape_json(out);
}

std::string one_line(const json::Value& value, const Terminal& terminal) {
  if (value.is_object()) {
    std::string out = "{";
    for (const auto& [key, member] : value.object()) {
      if (out.size() > 1) out += ", ";
      out += paint(quoted(key), Color::kBlue, terminal.color) + ": " + one_line(member, terminal);
    }
    return out + "}";
  }
  if (value.is_array()) {
    std::string out = "[";
    for (const json::Value& element : value.array()) {
      if (out.size() > 1) out += ", ";
      out += one_line(element, terminal);
    }
    return out + "]";
  }
  return paint(value.is_string() ? quoted(value.text()) : value.canonical(), token_color(value), terminal.color);
}

bool is_short(const json::Value& value, std::size_t indent) {
  if (!value.is_object() && !value.is_array()) return true;
  const std::string text = value.canonical();
  return indent + text.size() <= kOneLine;
}

// Builds "name   value" lines with aligned values.
class FieldList {
 public:
  explicit FieldList(const Terminal& terminal) : terminal_(terminal) {}
  void add(std::string_view name, std::string_view raw, Color color = Color::kPlain) {
    if (raw.empty()) return;
    std::string label(name);
    label.resize(std::max<std::size_t>(label.size() + 1, 14), ' ');
    text += "  " + paint(label, Color::kDim, terminal_.color) + paint(escape(raw), color, terminal_.color) + "\n";
  }
  std::string text;

 private:
  Terminal terminal_;
};

void add_block(std::string& page, std::string_view title, const json::Value* value, const Terminal& terminal) {
  if (value == nullptr) return;
  page += "\n  " + paint(title, Color::kBold, terminal.color) + "\n    " + pretty_json(*value, terminal, 4) + "\n";
}

std::string age(Micros time, Micros now) {
  const std::int64_t milliseconds = (now - time) / 1000;
  return milliseconds >= 0 ? format_duration(milliseconds) + " ago" : "in " + format_duration(-milliseconds);
}

std::string labels_text(const json::Value* labels) {
  if (labels == nullptr || !labels->is_object()) return {};
  std::string out;
  for (const auto& [key, value] : labels->object()) {
    out += (out.empty() ? "" : "  ") + key + "=" + (value.is_string() ? value.text() : value.canonical());
  }
  return out;
}

constexpr std::string_view kShownFields[] = {"id",           "schema_version", "agent_id",        "session_id",
                                             "source",       "capture_method", "action_type",     "action_name",
                                             "action_input", "action_output",  "action_status",   "error_message",
                                             "timestamp",    "duration_ms",    "labels",          "metadata",
                                             "salt",         "provenance_id",  "parent_event_id", "tool_call_id",
                                             "artifact_id",  "audit_id",       "intervention_id", "parents"};

bool is_shown(std::string_view name) {
  return std::find(std::begin(kShownFields), std::end(kShownFields), name) != std::end(kShownFields);
}

}  // namespace

Color status_color(std::string_view status) {
  if (status == "success") return Color::kGreen;
  if (status == "error") return Color::kRed;
  return Color::kYellow;
}

std::vector<Column> event_columns(const Terminal& terminal) {
  return {{"PLACE", 5, 0, true},   {"TIME (UTC)", display_width(time_text(0, terminal)), 0, false},
          {"AGENT", 8, 0, false},  {"SESSION", 8, 100, false},
          {"TYPE", 8, 70, false},  {"ACTION", 8, 0, false},
          {"STATUS", 7, 0, false}, {"TOOK", 7, 60, true},
          {"ID", 36, 190, false},  {"DETAILS", 8, 80, false}};
}

Row event_row(const store::EventRow& row, const Terminal& terminal) {
  const json::Value event = read_event(row);
  const auto time = parse_timestamp(text_field(event, "timestamp"));
  std::string when;
  if (time) when = time_text(*time, terminal);
  const std::string_view status = text_field(event, "action_status");
  std::string details = detail(event);
  if (terminal.width == 0) details = fit(escape(details), kDetailSize);
  return {Cell("@" + std::to_string(row.commit_index), Color::kDim),
          Cell(when, Color::kDim),
          Cell(text_field(event, "agent_id"), Color::kCyan),
          Cell(text_field(event, "session_id"), Color::kDim),
          Cell(text_field(event, "action_type")),
          Cell(text_field(event, "action_name"), Color::kBold),
          Cell(status, status_color(status)),
          Cell(duration_field(event)),
          Cell(text_field(event, "id"), Color::kDim),
          Cell(details, text_field(event, "error_message").empty() ? Color::kDim : Color::kRed)};
}

std::string pretty_json(const json::Value& value, const Terminal& terminal, std::size_t indent) {
  if (is_short(value, indent)) return one_line(value, terminal);
  const std::string inner(indent + 2, ' ');
  std::string out = value.is_object() ? "{" : "[";
  bool first = true;
  const auto begin_element = [&] {
    out += (first ? "\n" : ",\n") + inner;
    first = false;
  };
  if (value.is_object()) {
    for (const auto& [key, member] : value.object()) {
      begin_element();
      out += paint(quoted(key), Color::kBlue, terminal.color) + ": " + pretty_json(member, terminal, indent + 2);
    }
  } else {
    for (const json::Value& element : value.array()) {
      begin_element();
      out += pretty_json(element, terminal, indent + 2);
    }
  }
  return out + "\n" + std::string(indent, ' ') + (value.is_object() ? "}" : "]");
}

std::string event_page(const store::EventRow& row, const Terminal& terminal, Micros now) {
  const json::Value event = read_event(row);
  FieldList fields(terminal);
  const auto text = [&](std::string_view name) { return text_field(event, name); };
  fields.add("agent", std::string(text("agent_id")) + ", event " + format_count(row.sequence) + " of its chain",
             Color::kCyan);
  fields.add("place", "@" + std::to_string(row.commit_index));
  fields.add("session", text("session_id"));
  const auto time = parse_timestamp(text("timestamp"));
  fields.add("time", time ? std::string(text("timestamp")) + ", " + age(*time, now) : std::string(text("timestamp")));
  fields.add("type", text("action_type"));
  fields.add("action", text("action_name"), Color::kBold);
  fields.add("status", text("action_status"), status_color(text("action_status")));
  fields.add("took", duration_field(event));
  fields.add("error", text("error_message"), Color::kRed);
  fields.add("labels", labels_text(event.find("labels")));
  for (const std::string_view name : event::kReferenceNames) {
    std::string label(name.substr(0, name.rfind("_id")));
    std::replace(label.begin(), label.end(), '_', ' ');
    fields.add(label, text(name));
  }
  const std::string_view source = text("source");
  fields.add("source", source.empty() ? text("capture_method")
                                      : std::string(source) + ", by " + std::string(text("capture_method")));
  fields.add("schema", text("schema_version"));
  fields.add("salt", text("salt"));
  fields.add("hash", hex_encode(row.hash.data(), row.hash.size()));
  fields.add("prev hash", hex_encode(row.prev_hash.data(), row.prev_hash.size()));

  std::string page = paint("Event " + escape(text("id")), Color::kBold, terminal.color) + "\n" + fields.text;
  add_block(page, "input", event.find("action_input"), terminal);
  add_block(page, "output", event.find("action_output"), terminal);
  add_block(page, "metadata", event.find("metadata"), terminal);
  add_block(page, "parents", event.find("parents"), terminal);
  json::Value::Object others;
  for (const auto& [key, value] : event.object()) {
    if (!is_shown(key)) others.emplace(key, value);
  }
  const json::Value other_fields(std::move(others));
  if (!other_fields.object().empty()) add_block(page, "other fields", &other_fields, terminal);
  if (!row.warnings.empty()) {
    const json::Value warnings = read_warnings(row);
    add_block(page, "validation warnings", &warnings, terminal);
  }
  return page;
}

}  // namespace plog::cli
