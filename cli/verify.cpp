// plog verify.
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/handles.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report_text.h"
#include "cli/signals.h"
#include "client/verification.h"

namespace plog::cli {
namespace {

std::string verify(const Context& context, const VerifyOptions& options, ProgressBar& bar) {
  const std::string path = ledger_address(context.globals).path();
  plog_verify_options verify_options;
  plog_verify_options_init(&verify_options);
  verify_options.read_only = options.read_only ? 1 : 0;
  verify_options.db_path = path.c_str();
  verify_options.agent_id = options.agent ? options.agent->c_str() : nullptr;
  verify_options.level = options.level.c_str();
  verify_options.key = options.key ? options.key->c_str() : nullptr;
  std::vector<const char*> heads;
  heads.reserve(options.heads.size());
  for (const std::string& head : options.heads) heads.push_back(head.c_str());
  verify_options.heads = heads.data();
  verify_options.head_count = static_cast<std::uint32_t>(heads.size());
  verify_options.incremental = options.incremental ? 1 : 0;
  verify_options.threads = options.threads;
  verify_options.progress = report_progress;
  verify_options.user_data = &bar;
  plog_buffer* report = nullptr;
  plog_error* error = nullptr;
  const plog_status status = plog_verify(nullptr, &verify_options, &report, &error);
  const BufferPtr owner(report);
  check(status, error);
  return std::string(plog_buffer_data(report), plog_buffer_size(report));
}

std::string refused(const Context& context, const VerifyOptions& options, const std::string& error) {
  verify::Report report;
  report.agent = options.agent;
  report.level = verify::parse_level(options.level).value_or(report.level);
  report.findings.add(ledger::Verdict::kCannotRun, error);
  report.verdict = ledger::Verdict::kCannotRun;
  report.error = error;
  try {
    report.address = ledger_address(context.globals);
  } catch (const Error&) {  // the configuration itself may be the error; the path stays empty
  }
  return report.json();
}

}  // namespace

int run_verify(Context& context, const VerifyOptions& options) {
  const InterruptGuard guard;
  std::string text;
  {
    ProgressBar bar("verifying", "events");
    text = report_of([&] { return verify(context, options, bar); },
                     [&](const std::string& error) { return refused(context, options, error); });
  }
  return print_verdict(context, text, {options.json, options.strict, options.agent});
}

}  // namespace plog::cli
