// plog ingest: records JSON lines in the ledger.
#include <poll.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/handles.h"
#include "cli/lines.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "json/value.h"

namespace plog::cli {
namespace {

constexpr std::uint32_t kBatchSize = 4096;
constexpr std::uint64_t kLinesBetweenUpdates = 256;
// If no event is committed for this long, ingest gives up.
constexpr std::int64_t kStuckMillis = 60'000;
constexpr std::int64_t kDiskFullMillis = 3'000;  // the same, if the last error is that the disk is full
constexpr std::int64_t kPauseMillis = 5;
constexpr std::int64_t kCloseMillis = 5'000;
constexpr std::int64_t kFlushSliceMillis = 100;

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

class Ingest {
 public:
  Ingest(Context& context, const IngestOptions& options);
  int run();

 private:
  // Records lines until the end of the input or an interruption.
  void read_lines();
  void take_line(std::string_view line);
  void log(std::string_view line);
  void reject(const std::string& why);
  // Waits a moment for the ledger to commit events. Throws if it has committed none for too long.
  void wait_for_space();
  void flush();
  void update_bar(const char* doing);
  plog_client_stats_t stats() const;
  std::optional<Error> last_error() const;
  void summarise(const plog_client_stats_t& stats, std::int64_t milliseconds);

  Context& context_;
  const IngestOptions& options_;
  Fd input_;
  LineReader reader_;
  ClientPtr client_;
  ProgressBar bar_;
  std::uint64_t recorded_ = 0, rejected_ = 0, blank_ = 0;
  std::uint64_t stored_before_ = 0;
  std::int64_t stored_at_ = 0;
  const std::int64_t started_ = steady_millis();
};

ClientPtr open_client(const Globals& globals, const IngestOptions& options) {
  const std::string path = ledger_address(globals).path();
  const std::string labels = labels_json(options.labels);
  plog_client_options client_options;
  plog_client_options_init(&client_options);
  client_options.db_path = path.c_str();
  client_options.source = "cli";
  client_options.capture_method = "cli-ingest";
  client_options.batch_size = kBatchSize;
  // When the journal is full, log() below waits and tries again, so no event is dropped.
  client_options.on_full = PLOG_ON_FULL_RAISE;
  if (!options.agent.empty()) client_options.agent_id = options.agent.c_str();
  if (!options.session.empty()) client_options.session_id = options.session.c_str();
  if (!options.labels.empty()) client_options.labels_json = labels.c_str();
  plog_client* client = nullptr;
  check([&](plog_error** error) { return plog_client_new(&client_options, &client, error); });
  return ClientPtr(client);
}

Ingest::Ingest(Context& context, const IngestOptions& options)
    : context_(context),
      options_(options),
      input_(open_input(options.file)),
      reader_(input_.get()),
      client_(open_client(context.globals, options)),
      bar_("recording", "bytes") {
  if (::isatty(input_.get()) == 1 && stderr_is_terminal()) {
    write_stderr("Reading events from the terminal, one JSON object per line; press Ctrl-D to end.\n");
  }
}

plog_client_stats_t Ingest::stats() const {
  plog_client_stats_t stats{};
  stats.struct_size = sizeof stats;
  check([&](plog_error** error) { return plog_client_stats(client_.get(), &stats, nullptr, error); });
  return stats;
}

std::optional<Error> Ingest::last_error() const {
  plog_client_stats_t stats{};
  stats.struct_size = sizeof stats;
  plog_error* newest = nullptr;
  check([&](plog_error** error) { return plog_client_stats(client_.get(), &stats, &newest, error); });
  if (newest == nullptr) return std::nullopt;
  const plog_status status = plog_error_status(newest);
  return Error(static_cast<Status>(status), take_message(status, newest));
}

void Ingest::reject(const std::string& why) {
  bar_.clear();
  ++rejected_;
  complain("line " + std::to_string(reader_.number()) + ": " + why);
}

void Ingest::update_bar(const char* doing) {
  const std::int64_t elapsed = steady_millis() - started_;
  const std::uint64_t rate = elapsed > 0 ? recorded_ * 1000 / static_cast<std::uint64_t>(elapsed) : 0;
  std::string note = format_count(recorded_) + " events, " + format_count(rate) + "/s";
  if (rejected_ > 0) note += ", " + format_count(rejected_) + " rejected";
  if (*doing != '\0') note += std::string(", ") + doing;
  bar_.update(reader_.consumed(), reader_.total(), note);
}

void Ingest::wait_for_space() {
  const std::int64_t now = steady_millis();
  const std::uint64_t stored = stats().stored;
  if (stored_at_ == 0 || stored != stored_before_) {
    stored_before_ = stored;
    stored_at_ = now;
  } else if (now - stored_at_ > kDiskFullMillis) {
    const auto why = last_error();
    const bool disk_full = why && why->status() == Status::kFull;
    if (disk_full || now - stored_at_ > kStuckMillis) {
      throw Error(Status::kTimeout,
                  std::string("the ledger accepts no more events") + (why ? std::string(": ") + why->what() : ""));
    }
  }
  ::poll(nullptr, 0, static_cast<int>(kPauseMillis));
}

void Ingest::log(std::string_view line) {
  for (;;) {
    plog_error* error = nullptr;
    const plog_status status = plog_log_event(client_.get(), line.data(), line.size(), nullptr, &error);
    if (status == PLOG_OK) {
      ++recorded_;
      stored_at_ = 0;
      return;
    }
    if (status == PLOG_E_INVALID) {
      reject(take_message(status, error));
      return;
    }
    if (status != PLOG_E_FULL || InterruptGuard::interrupted()) check(status, error);
    plog_error_destroy(error);
    update_bar("waiting for the ledger");
    wait_for_space();
  }
}

void Ingest::take_line(std::string_view line) {
  if (is_blank(line)) {
    ++blank_;
  } else {
    log(line);
  }
}

void Ingest::read_lines() {
  for (;;) {
    switch (reader_.next()) {
      case LineReader::Result::kLine: take_line(reader_.line()); break;
      case LineReader::Result::kTooLong: reject("longer than 64 MiB"); break;
      case LineReader::Result::kEnd:
      case LineReader::Result::kInterrupted: return;
    }
    if (reader_.number() % kLinesBetweenUpdates == 0) {
      update_bar("");
      if (InterruptGuard::interrupted()) return;
    }
  }
}

void Ingest::flush() {
  stored_at_ = 0;
  for (;;) {
    plog_error* error = nullptr;
    const plog_status status = plog_client_flush(client_.get(), kFlushSliceMillis, &error);
    // Another process may hold the writer lock for a while.
    if (status != PLOG_E_TIMEOUT && status != PLOG_E_BUSY) return check(status, error);
    plog_error_destroy(error);
    update_bar("storing");
    wait_for_space();
  }
}

void Ingest::summarise(const plog_client_stats_t& stats, std::int64_t milliseconds) {
  if (options_.json) {
    json::Value::Object object = {{"lines", reader_.number()},
                                  {"blank", blank_},
                                  {"recorded", recorded_},
                                  {"rejected", rejected_},
                                  {"stored", stats.stored},
                                  {"duplicates", stats.duplicates},
                                  {"conflicts", stats.conflicts},
                                  {"truncated", stats.truncated},
                                  {"redactions", stats.redactions},
                                  {"queued", stats.queued_events},
                                  {"seconds", static_cast<double>(milliseconds) / 1000}};
    context_.out.line(json::Value(std::move(object)).canonical());
    return;
  }
  std::string text = format_counted(recorded_, "event", "events") + " recorded in " + format_duration(milliseconds);
  if (milliseconds > 0) {
    text += " (" + format_count(recorded_ * 1000 / static_cast<std::uint64_t>(milliseconds)) + "/s)";
  }
  if (stats.duplicates > 0) text += ", " + format_count(stats.duplicates) + " of them already in the ledger";
  if (stats.conflicts > 0) text += " (" + format_count(stats.conflicts) + " with different content, discarded)";
  if (stats.redactions > 0) text += ", " + format_counted(stats.redactions, "redaction", "redactions");
  if (stats.truncated > 0) text += ", " + format_count(stats.truncated) + " truncated";
  if (rejected_ > 0) text += "; " + format_counted(rejected_, "line", "lines") + " rejected";
  context_.out.line(text);
  if (stats.queued_events > 0) {
    complain(format_counted(stats.queued_events, "event is", "events are") +
             " safe in the journal, but not yet in the ledger");
  }
}

int Ingest::run() {
  std::string failure;
  try {
    read_lines();
  } catch (const Error& error) {
    failure = "stopped at line " + std::to_string(reader_.number()) + ": " + error.what();
  }
  try {
    flush();
  } catch (const Error& error) {
    if (failure.empty()) failure = error.what();
  }
  bar_.clear();
  const plog_client_stats_t counts = stats();
  const std::int64_t milliseconds = steady_millis() - started_;
  close_and_tell(client_.get(), kCloseMillis, [&](const std::string& what) {
    if (what != failure) complain("warning: " + what);
  });
  summarise(counts, milliseconds);
  if (!failure.empty()) {
    complain(failure);
    return kExitFailure;
  }
  if (InterruptGuard::interrupted()) {
    complain("interrupted after line " + std::to_string(reader_.number()));
    return kExitInterrupted;
  }
  return rejected_ > 0 ? kExitRejected : kExitOk;
}

}  // namespace

int run_ingest(Context& context, const IngestOptions& options) {
  const InterruptGuard guard;
  leave_no_core();
  return Ingest(context, options).run();
}

}  // namespace plog::cli
