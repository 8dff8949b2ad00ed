// plog export, plog verify-export and plog prove.
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/ledger.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report_text.h"
#include "cli/signals.h"
#include "heads/file_head_store.h"
#include "json/value.h"
#include "operations/destination.h"
#include "operations/evidence.h"
#include "report/package_writer.h"
#include "store/ledger_paths.h"

namespace plog::cli {
namespace {

using json::Value;

std::string filter_of(const ExportOptions& options) {
  Value::Object filter;
  const auto text = [&](const char* name, const std::optional<std::string>& value) {
    if (value) filter[name] = Value(*value);
  };
  text("agent_id", options.agent);
  text("session_id", options.session);
  text("action_type", options.type);
  text("action_name", options.name);
  text("action_status", options.status);
  if (options.since) filter["since"] = Value(format_timestamp(*options.since));
  if (options.until) filter["until"] = Value(format_timestamp(*options.until));
  if (!options.labels.empty()) {
    Value::Object labels;
    for (const auto& [key, value] : options.labels) labels[key] = Value(value);
    filter["labels"] = Value(std::move(labels));
  }
  return filter.empty() ? std::string() : Value(std::move(filter)).canonical();
}

std::string verify_export(const CheckOptions& options, ProgressBar& bar) {
  std::vector<const char*> pointers;
  pointers.reserve(options.heads.size());
  for (const std::string& path : options.heads) pointers.push_back(path.c_str());
  plog_check_options request;
  plog_check_options_init(&request);
  request.heads = pointers.data();
  request.head_count = static_cast<std::uint32_t>(pointers.size());
  request.key = options.key ? options.key->c_str() : nullptr;
  request.progress = report_progress;
  request.user_data = &bar;
  plog_buffer* report = nullptr;
  check([&](plog_error** error) { return plog_verify_export(options.path.c_str(), &request, &report, error); });
  const BufferPtr owner(report);
  return std::string(plog_buffer_data(report), plog_buffer_size(report));
}

}  // namespace

int run_export(Context& context, const ExportOptions& options) {
  const InterruptGuard guard;
  // Adopts the events of dead processes and signs a head over them before the ledger is read.
  ReadLedger ledger(context.globals, options.read_only);
  const std::string filter = filter_of(options);
  const std::string& target = options.tiles ? *options.tiles : *options.output;
  std::string text;
  {
    ProgressBar bar("exporting", "events");
    plog_export_options request;
    plog_export_options_init(&request);
    request.tiles = options.tiles ? 1 : 0;
    request.db_path = ledger.path().c_str();
    request.filter = filter.empty() ? nullptr : filter.c_str();
    request.overwrite = options.overwrite ? 1 : 0;
    request.progress = report_progress;
    request.user_data = &bar;
    plog_buffer* report = nullptr;
    check([&](plog_error** error) { return plog_export(nullptr, &request, target.c_str(), &report, error); });
    const BufferPtr owner(report);
    text.assign(plog_buffer_data(report), plog_buffer_size(report));
  }
  if (options.json) {
    context.out.line(text);
    return kExitOk;
  }
  const Value report = json::parse(text);
  context.out.line("exported " + format_count(count_of(report, "events")) + " of " +
                   format_counted(count_of(report, "tree_size"), "event", "events") + " to " + escape(target));
  if (const std::uint64_t tail = count_of(report, "tail"); tail > 0) {
    context.out.line("  left out " + format_counted(tail, "newer event", "newer events") +
                     ", which no head covers yet");
  }
  return kExitOk;
}

int run_verify_export(Context& context, const CheckOptions& options) {
  const InterruptGuard guard;
  std::string text;
  {
    ProgressBar bar("verifying", "events");
    text = report_of([&] { return verify_export(options, bar); },
                     [&](const std::string& error) {
                       report::CheckReport report;
                       report.path = options.path;
                       report.add(ledger::Verdict::kCannotRun, error);
                       return report.json();
                     });
  }
  return print_verdict(context, text, {options.json, options.strict, {}});
}

int run_prove(Context& context, const ProveOptions& options) {
  ReadLedger ledger(context.globals, options.read_only);
  if (options.output) operations::refuse_ledger_file(*options.output, ledger.address(), nullptr);
  const auto head = heads::read_head(store::LedgerPaths(ledger.address()).head());
  if (!head)
    throw Error(Status::kNotFound, "cannot prove an event: the ledger has no head yet; run 'plog checkpoint' first");
  const std::string proof = operations::prove(ledger.store(), *head, options.id, options.agent);
  if (!options.output) {
    context.out.write(proof);
    return kExitOk;
  }
  const Fd file = open_file(*options.output, O_CREAT | O_EXCL | O_WRONLY, 0600);
  write_all(file.get(), proof.data(), proof.size());
  sync_file(file.get());
  context.out.line("wrote the proof of " + escape(options.id) + " to " + escape(*options.output));
  return kExitOk;
}

}  // namespace plog::cli
