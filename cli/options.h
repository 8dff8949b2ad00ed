// Parses option values and finds the ledger.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "cli/commands.h"
#include "store/ledger_address.h"

namespace plog::cli {

// Parses RFC 3339, a date (its midnight), or an age before `now`: a whole number followed by s, m, h, d or w ("90s",
// "15m", "2h", "7d", "4w"). Without a zone, UTC. nullopt for anything else.
std::optional<Micros> parse_time(std::string_view text, Micros now);

// Splits "key=value" at the first '='. nullopt if there is none, or the key is empty.
std::optional<std::pair<std::string, std::string>> parse_label(std::string_view text);

// The labels as a JSON object. The last value of a repeated key wins.
std::string labels_json(const Labels& labels);

// The ledger that --db names; else PROVENLOG_DB_PATH; else db_path of the configuration; else ~/.provenlog/events.db.
// Throws Error(kUnsupported) if a server is configured and --db is not given, and as LedgerAddress::parse.
store::LedgerAddress ledger_address(const Globals& globals);

}  // namespace plog::cli
