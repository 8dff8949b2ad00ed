#include "client/options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/encoding.h"
#include "base/error.h"
#include "event/capture.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace plog::client {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

constexpr std::string_view kDurabilities[] = {"process", "power"};        // as plog_durability, from 1
constexpr std::string_view kFullPolicies[] = {"block", "drop", "raise"};  // as plog_on_full, from 1

constexpr Option kOptions[] = {
    {.name = "base_url",
     .environment = "PROVENLOG_SERVER_URL",
     .key = "server_url",
     .about =
         "URL of a server, for server mode: `http://…` or `https://…`. This release has no server mode and rejects "
         "the setting."},
    {.name = "db_path",
     .default_value = "~/.provenlog/events.db",
     .environment = "PROVENLOG_DB_PATH",
     .key = "db_path",
     .about =
         "Path of the ledger, or `sqlite:///PATH`. `~` is expanded, and a relative path is relative to the working "
         "directory."},
    {.name = "agent_id", .key = "agent_id", .about = "Agent of events that have no `agent_id`."},
    {.name = "session_id", .key = "session_id", .about = "Session of events that have no `session_id`."},
    {.name = "labels",
     .kind = OptionKind::kObject,
     .additive = true,
     .key = "labels",
     .about =
         "Mapping of strings that is merged into the labels of every event; the event's own keys win. A value that "
         "is not a string becomes its JSON text (`7` becomes `\"7\"`); in a file, a scalar is taken as written "
         "(`version: 1.10` is `\"1.10\"`)."},
    {.name = "metadata",
     .kind = OptionKind::kObject,
     .additive = true,
     .key = "metadata",
     .about = "Mapping of any values that is merged into the metadata of every event; the event's own keys win."},
    {.name = "context",
     .kind = OptionKind::kObject,
     .about = "Mapping of the client's default labels to objects: the context of each label's value is set."},
    {.name = "source", .default_value = "sdk", .about = "The field `source` of every event."},
    {.name = "capture_method", .default_value = "embedded", .about = "The field `capture_method` of every event."},
    {.name = "batch_size",
     .kind = OptionKind::kInteger,
     .minimum = 1,
     .maximum = 4096,
     .default_value = "100",
     .key = "batch_size",
     .about = "Number of events after which a batch is committed."},
    {.name = "flush_interval",
     .kind = OptionKind::kDuration,
     .minimum = 1,
     .maximum = 3600 * 1000,
     .default_value = "1000",
     .key = "flush_interval",
     .about = "Time after which a batch is committed."},
    {.name = "durability",
     .kind = OptionKind::kChoice,
     .choices = kDurabilities,
     .default_value = "process",
     .key = "durability",
     .about = "`process`: a recorded event survives the death of the process. `power`: it also survives a power "
              "failure, but each call waits for the disk."},
    {.name = "on_full",
     .kind = OptionKind::kChoice,
     .choices = kFullPolicies,
     .default_value = "block",
     .key = "on_full",
     .about =
         "What happens when the journal has reached its limit or the disk is full. `block`: wait up to "
         "`block_timeout` for space, then act as `drop`; while the disk stays full, every event waits so long. `drop`: "
         "lose the event, count the loss and record a gap. `raise`: fail; the caller still has the event."},
    {.name = "block_timeout",
     .kind = OptionKind::kDuration,
     .minimum = 1,
     .maximum = 86400 * 1000,
     .default_value = "5000",
     .key = "block_timeout",
     .about = "Longest time that `block` waits."},
    {.name = "max_event_bytes",
     .kind = OptionKind::kInteger,
     .minimum = 4096,
     .maximum = 64 * kMebibyte,
     .default_value = "1048576",
     .key = "max_event_bytes",
     .about = "Largest size of one event in canonical form. Values in larger events are truncated."},
    {.name = "journal_limit_bytes",
     .kind = OptionKind::kInteger,
     .minimum = kMebibyte,
     .maximum = std::uint64_t{1} << 53,  // the largest range of whole numbers that every language has
     .default_value = "268435456",
     .key = "journal_limit_bytes",
     .about = "Maximum total size of a process's uncommitted events."},
    {.name = "read_connections",
     .kind = OptionKind::kInteger,
     .minimum = 1,
     .maximum = 64,
     .default_value = "4",
     .key = "read_connections",
     .about = "Number of queries that run at once on the ledger, each on a connection of its own. Further queries wait "
              "until one ends. The clients of one process share the connections, and the largest value among them "
              "applies."},
    {.name = "salt",
     .kind = OptionKind::kBoolean,
     .default_value = "true",
     .key = "salt",
     .about = "Whether 16 random bytes are added to each event, so that a short payload that was erased cannot be "
              "guessed from its hash."},
    {.name = "capture_content",
     .kind = OptionKind::kChoices,
     .choices = event::kCaptureNames,
     .default_value = "redacted",
     .key = "capture_content",
     .about = "How content is stored: one name, or a mapping with `default`, `fields` and `action_types`, see "
              "[redaction.md](redaction.md#content-off)."},
    {.name = "origin",
     .argument = false,
     .key = "origin",
     .about = "Origin of a new ledger's heads, such as `example.com/agents`. Without it, the origin is `provenlog/` "
              "followed by the ledger's id."},
    {.name = "key_path",
     .argument = false,
     .key = "key_path",
     .about = "File with the private key that signs heads; created if it does not exist. Without it, the file is the "
              "ledger's path followed by `.key`."},
    {.name = "head_copies",
     .kind = OptionKind::kList,
     .argument = false,
     .key = "head_copies",
     .about = "Files that receive a copy of each head, best on another disk. Each file serves one ledger: the head of "
              "another ledger is not overwritten."},
    {.name = "redaction.enabled",
     .kind = OptionKind::kBoolean,
     .argument = false,
     .default_value = "true",
     .key = "redaction.enabled",
     .about = "`false` turns off the built-in detectors and all rules."},
    {.name = "redaction.rules",
     .kind = OptionKind::kList,
     .argument = false,
     .additive = true,
     .key = "redaction.rules",
     .about = "Rules, see [below](#rules)."},
    {.name = "redaction.profile",
     .kind = OptionKind::kChoice,
     .argument = false,
     .choices = redact::kProfileNames,
     .default_value = "default",
     .key = "redaction.profile",
     .about = "Which detectors are on, see [redaction.md](redaction.md)."},
    {.name = "redaction.disable",
     .kind = OptionKind::kList,
     .argument = false,
     .key = "redaction.disable",
     .about = "Names of detectors to turn off."},
    {.name = "redaction.allow",
     .kind = OptionKind::kObject,
     .argument = false,
     .key = "redaction.allow",
     .about = "Mapping of lists: `values` and `patterns` that are never redacted, `keys` and `paths` whose values are "
              "never redacted."},
    {.name = "redaction.keep_last",
     .kind = OptionKind::kObject,
     .argument = false,
     .key = "redaction.keep_last",
     .about = "Mapping of detector names to 1 to 8: the number of last characters that the marker shows, as in "
              "`[REDACTED:visa:****1111]`."},
    {.name = "redaction.pseudonym_key_file",
     .argument = false,
     .key = "redaction.pseudonym_key_file",
     .about =
         "File with a secret of at least 16 bytes. Markers become pseudonyms such as `[REDACTED:email:3f9a2c]`, and "
         "equal texts get equal markers."},
};

constexpr std::size_t kMaxQuoted = 60;  // bytes of a wrong value in a message

[[noreturn]] void refuse(std::string_view where, const std::string& what) {
  throw Error(Status::kConfig, std::string(where) + ": " + what);
}

std::string quoted(std::string_view text) {
  std::string shown = repair_utf8(text.substr(0, kMaxQuoted));
  if (text.size() > kMaxQuoted) shown += "…";
  return json::Value(shown).canonical();
}

std::string seconds(std::uint64_t ms) {
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 == 0) return text;
  text += '.' + std::to_string(1000 + ms % 1000).substr(1);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

bool is_whole(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

[[noreturn]] void refuse_range(const Option& option, std::string_view value, std::string_view where) {
  const bool duration = option.kind == OptionKind::kDuration;
  const std::string unit = duration ? " s" : "";
  if (duration && value.find('.') != value.npos && value.find_first_not_of("+-.0123456789") == value.npos) {
    value = value.substr(0, value.find_last_not_of('0') + 1);  // some languages write all nanoseconds
    if (value.back() == '.') value.remove_suffix(1);
  }
  const std::string shown(value.substr(0, kMaxQuoted));
  refuse(where, shown + (value.size() > kMaxQuoted ? "…" : "") + unit + " is out of range; " + accepted_values(option));
}

std::uint64_t parse_milliseconds(const Option& option, std::string_view text, std::string_view where) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (stop != text.data() + text.size() || (error != std::errc() && error != std::errc::result_out_of_range) ||
      std::isnan(value)) {
    refuse(where, quoted(text) + " is not a number of seconds; " + accepted_values(option));
  }
  // The tolerance of a nanosecond keeps 0.07 s, which is not exact in binary, at 70 ms.
  const double ms = std::ceil(value * 1000 - 1e-6);
  if (error == std::errc() && ms >= static_cast<double>(option.minimum) && ms <= static_cast<double>(option.maximum)) {
    return static_cast<std::uint64_t>(ms);
  }
  refuse_range(option, text, where);
}

// An option's name without case and underscores, so that all languages' spellings are equal.
std::string folded(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

std::string_view type_name(OptionKind kind) {
  switch (kind) {
    case OptionKind::kText: break;
    case OptionKind::kChoice: return "choice";
    case OptionKind::kChoices: return "choice or object";
    case OptionKind::kInteger: return "integer";
    case OptionKind::kDuration: return "duration_ms";
    case OptionKind::kBoolean: return "boolean";
    case OptionKind::kObject: return "object";
    case OptionKind::kList: return "list";
  }
  return "text";
}

std::string describe(const Option& option) {
  const auto text = [](std::string_view value) { return value.empty() ? json::Value() : json::Value(value); };
  const auto number = [&](std::uint64_t value) {
    return option.maximum == 0 ? json::Value() : json::Value::number(std::to_string(value));
  };
  json::Value::Array choices;
  for (const std::string_view choice : option.choices) choices.emplace_back(choice);
  // In the order of the documentation and not of the keys.
  const std::pair<std::string_view, json::Value> members[] = {
      {"name", option.name},
      {"type", type_name(option.kind)},
      {"minimum", number(option.minimum)},
      {"maximum", number(option.maximum)},
      {"choices", choices.empty() ? json::Value() : json::Value(std::move(choices))},
      {"default", option.default_value ? json::Value(*option.default_value) : json::Value()},
      {"environment", text(option.environment)},
      {"configuration_key", text(option.key)},
      {"argument", option.argument},
      {"additive", option.additive},
      {"documentation", option.about},
  };
  std::string object;
  for (const auto& [name, value] : members) {
    object.append(object.empty() ? "  {" : ",\n   ").append(json::Value(name).canonical()).append(": ");
    object.append(value.canonical());
  }
  return object + "}";
}

}  // namespace

std::span<const Option> client_options() noexcept { return kOptions; }

const Option& client_option(std::string_view name) {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions), [&](auto& o) { return o.name == name; });
  if (found == std::end(kOptions)) throw Error(Status::kInternal, "internal error: no option " + std::string(name));
  return *found;
}

const Option* option_with_key(std::string_view key) noexcept {
  if (key.empty()) return nullptr;
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions), [&](auto& o) { return o.key == key; });
  return found == std::end(kOptions) ? nullptr : found;
}

std::string accepted_values(const Option& option) {
  switch (option.kind) {
    case OptionKind::kInteger: return "use " + std::to_string(option.minimum) + " to " + std::to_string(option.maximum);
    case OptionKind::kDuration: return "use " + seconds(option.minimum) + " to " + seconds(option.maximum) + " s";
    case OptionKind::kBoolean: return "use true or false";
    default: break;
  }
  std::string text;
  for (const std::string_view choice : option.choices) {
    text.append(text.empty() ? "use " : choice == option.choices.back() ? " or " : ", ").append(choice);
  }
  return text;
}

void check_number(const Option& option, std::uint64_t value, std::string_view where) {
  if (value >= option.minimum && value <= option.maximum) return;
  refuse_range(option, option.kind == OptionKind::kDuration ? seconds(value) : std::to_string(value), where);
}

std::uint64_t parse_number(const Option& option, std::string_view text, std::string_view where) {
  if (option.kind == OptionKind::kDuration) return parse_milliseconds(option, text, where);
  if (!is_whole(text)) refuse(where, quoted(text) + " is not a whole number; " + accepted_values(option));
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) refuse_range(option, text, where);
  check_number(option, value, where);
  return value;
}

std::size_t parse_choice(const Option& option, std::string_view text, std::string_view where) {
  const auto found = std::find(option.choices.begin(), option.choices.end(), text);
  if (found == option.choices.end()) refuse(where, quoted(text) + " is not valid; " + accepted_values(option));
  return static_cast<std::size_t>(found - option.choices.begin());
}

void check_option(std::string_view name, std::string_view text) {
  for (const Option& option : kOptions) {
    if (!option.argument || folded(option.name) != folded(name)) continue;
    if (option.kind == OptionKind::kInteger || option.kind == OptionKind::kDuration) parse_number(option, text, name);
    if (option.kind == OptionKind::kChoice) parse_choice(option, text, name);
    return;
  }
  throw Error(Status::kInvalid, quoted(name) + " is not an option of a client; see plog generate options");
}

std::uint64_t default_number(const Option& option) {
  const std::string_view text = option.default_value.value_or("");
  if (option.kind == OptionKind::kBoolean) return text == "true" ? 1 : 0;
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) {
    throw Error(Status::kInternal, "internal error: the option " + std::string(option.name) + " has no default");
  }
  return value;
}

std::string options_json() {
  std::string text;
  for (const Option& option : kOptions) text.append(text.empty() ? "[\n" : ",\n").append(describe(option));
  return text + "\n]\n";
}

}  // namespace plog::client
