// Events formatted for people.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "cli/terminal.h"
#include "json/value.h"
#include "store/store.h"

namespace plog::cli {

Color status_color(std::string_view status);

// The columns of a table of events, and the cells of one event.
std::vector<Column> event_columns(const Terminal& terminal);
Row event_row(const store::EventRow& event, const Terminal& terminal);

// One complete event: its fields, then its content as indented JSON. Ages are relative to `now`.
std::string event_page(const store::EventRow& event, const Terminal& terminal, Micros now);

// Indented JSON, escaped so that its strings cannot affect a terminal. A value that fits stays on one line.
std::string pretty_json(const json::Value& value, const Terminal& terminal, std::size_t indent);

}  // namespace plog::cli
