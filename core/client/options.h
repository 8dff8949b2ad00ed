// The options of a client, each declared once. Configuration files and clients validate values and take defaults from
// this table. plog.h, the language packages and the documentation are compared with it (tests/languages/options_test.py
// and tools/option_tables.py, through `plog generate options`).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plog::client {

enum class OptionKind : std::uint8_t {
  kText,
  kChoice,    // one of `choices`
  kChoices,   // one of `choices`, or an object that selects among them
  kInteger,   // a whole number
  kDuration,  // a number of seconds in text, a number of milliseconds in this interface and in plog.h
  kBoolean,
  kObject,
  kList,
};

struct Option {
  std::string_view name;  // in messages, and in Python
  OptionKind kind = OptionKind::kText;
  bool argument = true;   // every language can give it to a client; otherwise only a configuration file can set it
  bool additive = false;  // ./provenlog.yaml may add to it
  std::uint64_t minimum = 0, maximum = 0;  // inclusive; of kInteger and, in milliseconds, of kDuration
  std::span<const std::string_view> choices = {};
  std::optional<std::string_view> default_value = {};  // as text, durations in milliseconds
  std::string_view environment = {};                   // the variable that overrides configuration files; may be empty
  std::string_view key = {};    // in configuration files, such as "redaction.enabled"; empty: not in files
  std::string_view about = {};  // Markdown, for the documentation; links are relative to docs/
};

// All options, in the order of the documentation.
std::span<const Option> client_options() noexcept;
// The option with this name. Throws kInternal if no option has it.
const Option& client_option(std::string_view name);
// The option with this configuration key; null if no option has it.
const Option* option_with_key(std::string_view key) noexcept;

// What a caller gives to a client. An empty member takes its value from the configuration, else the table's default.
struct ClientOptions {
  std::optional<std::string> base_url, db_path, agent_id, session_id, labels_json, metadata_json, context_json;
  std::optional<std::string> source, capture_method;
  std::optional<std::string> durability, on_full;
  std::optional<std::uint32_t> batch_size, flush_interval_ms, block_timeout_ms, read_connections;
  std::optional<std::uint64_t> max_event_bytes, journal_limit_bytes;
  std::optional<bool> salt;
  std::optional<std::string> capture_content;  // one of the choices, or a JSON object for CapturePolicy::parse
  bool tree = true;                            // HeadOptions::tree; for benchmarks, not in the table
};

// All errors below are Error(kConfig) with a message such as "batch_size: 100000 is out of range; use 1 to 4096".
// `where` replaces the name at its start: "FILE:LINE: KEY" for a value of a configuration file.

// Checks the value of a kInteger or kDuration.
void check_number(const Option& option, std::uint64_t value, std::string_view where);
// Reads the value of a kInteger or kDuration from text. A duration is rounded up to whole milliseconds.
std::uint64_t parse_number(const Option& option, std::string_view text, std::string_view where);
// Returns the index in `choices` of the value of a kChoice.
std::size_t parse_choice(const Option& option, std::string_view text, std::string_view where);
// Checks one value given as text. `name` may be spelled as in any language: batch_size, batchSize, BatchSize; messages
// repeat it. Checks values of numbers, durations and choices, and accepts any other. Throws kInvalid for an unknown
// name.
void check_option(std::string_view name, std::string_view text);

// The accepted values, as the end of a message: "use 1 to 4096", "use process or power", "use true or false".
std::string accepted_values(const Option& option);

// The default of a kInteger, kDuration or kBoolean (0 or 1). Throws kInternal if the option has none.
std::uint64_t default_number(const Option& option);

// The table as a JSON array, one member on each line (docs/cli.md describes it).
std::string options_json();

}  // namespace plog::client
