// plog backup and plog restore.
#include "base/file.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/ledger.h"
#include "cli/progress.h"
#include "cli/report_text.h"
#include "cli/signals.h"
#include "client/copies.h"
#include "json/value.h"
#include "operations/copies.h"

#include <fcntl.h>

namespace plog::cli {

int run_backup(Context& context, const BackupOptions& options) {
  const InterruptGuard guard;
  ReadLedger ledger(context.globals, options.read_only);
  operations::check_backup_path(options.file, ledger.address(), nullptr);
  {
    ProgressBar bar("copying", "pages");
    client::backup_ledger(ledger.store(), ledger.address(), options.file,
                          [&bar](std::uint64_t done, std::uint64_t total) {
                            bar.update(done, total);
                            return !InterruptGuard::interrupted();
                          });
  }
  const std::uint64_t size = file_size(open_file(options.file, O_RDONLY).get());
  context.out.line("copied " + escape(ledger.path()) + " to " + escape(options.file) + " (" + format_bytes(size) + ")");
  return kExitOk;
}

int run_restore(Context& context, const RestoreOptions& options) {
  const InterruptGuard guard;
  std::string text;
  {
    ProgressBar bar("restoring", "pages");
    plog_buffer* report = nullptr;
    const char* db_path = context.globals.db.empty() ? nullptr : context.globals.db.c_str();
    check([&](plog_error** error) {
      return plog_restore(options.file.c_str(), db_path, options.replace ? 1 : 0, report_progress, &bar, &report,
                          error);
    });
    const BufferPtr owner(report);
    text.assign(plog_buffer_data(report), plog_buffer_size(report));
  }
  if (options.json) {
    context.out.line(text);
    return kExitOk;
  }
  const json::Value report = json::parse(text);
  context.out.line("restored " + format_counted(count_of(report, "events"), "event", "events") + " to " +
                   escape(text_of(report, "db_path")));
  if (const std::string replaced = text_of(report, "replaced"); !replaced.empty()) {
    context.out.line("  the previous ledger is now " + escape(replaced));
  }
  if (const std::string why = text_of(report, "unsigned_because"); !why.empty()) {
    context.out.line("  " + escape(why));
  }
  context.out.line("  'plog verify' reports ROLLED_BACK until you run 'plog acknowledge'");
  return kExitOk;
}

}  // namespace plog::cli
