// plog get: one event.
#include <charconv>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/event_view.h"
#include "cli/ledger.h"

namespace plog::cli {
namespace {

// "@42": the place of an event in the ledger.
std::optional<std::uint64_t> parse_place(std::string_view text) {
  if (text.size() < 2 || text.front() != '@') return std::nullopt;
  std::uint64_t place = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), place);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return place;
}

std::optional<store::EventRow> at_place(store::Store& store, std::uint64_t place) {
  store::Filter filter;
  filter.include_system = true;
  filter.limit = 1;
  if (place > 0) filter.after = place - 1;
  std::vector<store::EventRow> rows;
  store.page(filter, 1, rows);
  if (rows.empty() || rows.front().commit_index != place) return std::nullopt;
  return std::move(rows.front());
}

std::optional<store::EventRow> find(store::Store& store, const GetOptions& options) {
  const auto parsed = parse_uuid(options.id);
  // Text that is no UUID was stored as its UUIDv5 (design 3.1).
  const Uuid id = parsed ? *parsed : uuid_v5(foreign_id_namespace(), options.id);
  auto row = store.find(id, options.agent);
  if (row || parsed) return row;
  const auto place = parse_place(options.id);
  return place ? at_place(store, *place) : std::nullopt;
}

}  // namespace

int run_get(Context& context, const GetOptions& options) {
  ReadLedger ledger(context.globals, options.read_only);
  const auto row = find(ledger.store(), options);
  if (!row) {
    throw Error(Status::kNotFound, "no event " + options.id + (options.agent ? " of agent " + *options.agent : "") +
                                       " in " + ledger.path());
  }
  if (options.json) {
    std::string text;
    store::append_json(*row, text);
    context.out.line(context.terminal.interactive ? escape_json(text) : text);
  } else {
    context.out.write(event_page(*row, context.terminal, now_micros()));
  }
  return kExitOk;
}

}  // namespace plog::cli
