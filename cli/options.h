// Values of options, and the ledger's path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "cli/commands.h"

namespace plog::cli {

// RFC 3339, a date (its midnight), or a time ago: a whole number and s, m, h, d or w ("90s", "15m", "2h", "7d", "4w").
// No zone means UTC.
std::optional<Micros> parse_time(std::string_view text, Micros now);

// "key=value", split at the first '='; the key is not empty.
std::optional<std::pair<std::string, std::string>> parse_label(std::string_view text);

// {"key":"value",...}
std::string labels_json(const Labels& labels);

// --db; else PROVENLOG_DB_PATH or the configuration; else ~/.provenlog/events.db. "~" is expanded.
std::string ledger_path(const Globals& globals);

}  // namespace plog::cli
