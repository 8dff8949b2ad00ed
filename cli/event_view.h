// Events as people see them.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "cli/terminal.h"
#include "json/value.h"
#include "store/store.h"

namespace plog::cli {

Color status_color(std::string_view status);

// Columns of a list of events, and one event's cells.
std::vector<Column> event_columns(const Terminal& terminal);
Row event_row(const store::EventRow& event, const Terminal& terminal);

// One event in full: its fields, then its contents as indented JSON.
std::string event_page(const store::EventRow& event, const Terminal& terminal, Micros now);

// Indented JSON whose strings can do nothing to a terminal; a value that fits stays on one line.
std::string pretty_json(const json::Value& value, const Terminal& terminal, std::size_t indent);

}  // namespace plog::cli
