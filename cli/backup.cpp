// plog backup: a copy of the ledger while it is in use.
#include "base/file.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/ledger.h"
#include "cli/progress.h"
#include "cli/signals.h"

#include <fcntl.h>

namespace plog::cli {

int run_backup(Context& context, const BackupOptions& options) {
  const InterruptGuard guard;
  ReadLedger ledger(context.globals, options.read_only);
  {
    ProgressBar bar("copying", "pages");
    ledger.store().backup(options.file, [&bar](std::uint64_t done, std::uint64_t total) {
      bar.update(done, total);
      return !InterruptGuard::interrupted();
    });
  }
  const std::uint64_t size = file_size(open_file(options.file, O_RDONLY).get());
  context.out.line("copied " + escape(ledger.path()) + " to " + escape(options.file) + " (" + format_bytes(size) + ")");
  return kExitOk;
}

}  // namespace plog::cli
