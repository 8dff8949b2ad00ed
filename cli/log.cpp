// plog log: prints events as a table or as JSON lines.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/event_view.h"
#include "cli/ledger.h"
#include "cli/signals.h"
#include "cli/table.h"
#include "client/follower.h"

namespace plog::cli {
namespace {

constexpr std::size_t kPage = 500;
// Up to this many of the newest events are read backwards and reversed in memory. For more, the matching events are
// counted and the older ones skipped.
constexpr std::uint64_t kTurnInMemory = 10'000;
constexpr std::int64_t kAdoptionMillis = 1000;
// A restore renames the old ledger before the new one has its name. A ledger that is missing for longer was deleted.
constexpr std::int64_t kMissingMillis = 1000;
constexpr std::int64_t kMissingPauseMillis = 20;

store::Filter filter_of(const LogOptions& options) {
  store::Filter filter;
  filter.agent = options.agent;
  filter.session = options.session;
  filter.type = options.type;
  filter.name = options.name;
  filter.status = options.status;
  filter.since = options.since;
  filter.until = options.until;
  filter.labels = options.labels;
  filter.include_system = options.include_system;
  return filter;
}

// Prints events in the order given.
class Printer {
 public:
  Printer(Context& context, bool json) : context_(context), json_(json) {}

  void print(const std::vector<store::EventRow>& rows) {
    if (json_) {
      for (const store::EventRow& row : rows) print_json(row);
    } else if (!rows.empty()) {
      print_table(rows);
    }
  }

  // Whether an event could not be printed.
  bool damaged() const noexcept { return damaged_; }

 private:
  void print_json(const store::EventRow& row) {
    text_.clear();
    try {
      store::append_json(row, text_);
    } catch (const Error& error) {
      // A damaged event must not hide the others.
      damaged_ = true;
      complain(error.what());
      return;
    }
    // On a terminal, escapes whatever could affect it. Elsewhere, prints exactly the bytes in the ledger.
    context_.out.line(context_.terminal.interactive ? escape_json(text_) : text_);
  }

  void print_table(const std::vector<store::EventRow>& events) {
    std::vector<Row> rows;
    rows.reserve(events.size());
    for (const store::EventRow& event : events) rows.push_back(event_row(event, context_.terminal));
    if (!table_) {
      // The first page sets the column widths for all later events.
      table_ = std::make_unique<Table>(event_columns(context_.terminal), context_.terminal);
      table_->fit_to(rows);
      context_.out.line(table_->header());
    }
    for (const Row& row : rows) context_.out.line(table_->line(row));
  }

  Context& context_;
  bool json_;
  bool damaged_ = false;
  std::string text_;
  std::unique_ptr<Table> table_;
};

// Prints the events that an ascending filter finds before commit index `end`. Later ones are left to --follow.
void print_until(store::Store& store, store::Filter filter, std::uint64_t end, Printer& printer) {
  std::vector<store::EventRow> rows;
  for (bool more = true; more;) {
    rows.clear();
    more = store.page(filter, kPage, rows);
    while (!rows.empty() && rows.back().commit_index >= end) {
      rows.pop_back();
      more = false;
    }
    printer.print(rows);
  }
}

// Prints the newest events before commit index `end`.
void print_newest(store::Store& store, const LogOptions& options, std::uint64_t end, Printer& printer) {
  store::Filter filter = filter_of(options);
  if (options.last <= kTurnInMemory && !options.all) {
    filter.descending = true;
    filter.after = end;
    filter.limit = options.last;
    std::vector<store::EventRow> rows;
    while (store.page(filter, kPage, rows)) {
    }
    std::reverse(rows.begin(), rows.end());
    printer.print(rows);
    return;
  }
  if (!options.all) {
    const std::uint64_t count = store.count(filter);
    filter.offset = count > options.last ? count - options.last : 0;
  }
  print_until(store, filter, end, printer);
}

// Waits for new events. A ledger that is missing only for a moment has none. Throws as Follower::wait.
class PatientFollower {
 public:
  PatientFollower(store::Store& store, std::uint64_t next) : follower_(store, nullptr, next) {}

  std::optional<client::CommitRange> wait(std::int64_t timeout_ms) {
    try {
      auto range = follower_.wait(timeout_ms, STDOUT_FILENO);
      missing_since_.reset();
      return range;
    } catch (const Error& error) {
      if (error.status() != Status::kNotFound) throw;
      const std::int64_t now = steady_millis();
      if (now - missing_since_.value_or(now) >= kMissingMillis) throw;
      missing_since_ = missing_since_.value_or(now);
      std::this_thread::sleep_for(std::chrono::milliseconds(kMissingPauseMillis));
      return std::nullopt;
    }
  }

  bool missing() const noexcept { return missing_since_.has_value(); }

 private:
  client::Follower follower_;
  std::optional<std::int64_t> missing_since_;
};

// Prints the events from commit index `next` on as they are committed.
void follow(Context& context, ReadLedger& ledger, const LogOptions& options, std::uint64_t next, Printer& printer) {
  PatientFollower follower(ledger.store(), next);
  std::int64_t next_adoption = steady_millis() + kAdoptionMillis;
  while (!InterruptGuard::interrupted()) {
    context.out.flush();
    const auto range = follower.wait(std::max<std::int64_t>(0, next_adoption - steady_millis()));
    Output::check_reader();
    if (range) {
      if (range->first < next) complain("the ledger was replaced; its events follow from the first");
      next = range->last + 1;
      store::Filter filter = filter_of(options);
      if (range->first > 0) filter.after = range->first - 1;
      print_until(ledger.store(), filter, range->last + 1, printer);
    }
    // The adoption would create a missing ledger.
    if (steady_millis() < next_adoption || follower.missing()) continue;
    next_adoption = steady_millis() + kAdoptionMillis;
    ledger.adopt_journals();
  }
}

}  // namespace

int run_log(Context& context, const LogOptions& options) {
  std::unique_ptr<InterruptGuard> guard;
  if (options.follow) guard = std::make_unique<InterruptGuard>();
  ReadLedger ledger(context.globals, options.read_only);
  Printer printer(context, options.json);
  const std::uint64_t end = ledger.store().size();
  print_newest(ledger.store(), options, end, printer);
  if (options.follow) follow(context, ledger, options, end, printer);
  return printer.damaged() ? kExitFailure : kExitOk;
}

}  // namespace plog::cli
