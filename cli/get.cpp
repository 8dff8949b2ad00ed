// plog get.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/event_view.h"
#include "cli/ledger.h"
#include "operations/events.h"

namespace plog::cli {
int run_get(Context& context, const GetOptions& options) {
  ReadLedger ledger(context.globals, options.read_only);
  const auto row = operations::find_event(ledger.store(), options.id, options.agent);
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
