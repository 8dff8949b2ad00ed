#include "report/epochs.h"

#include <vector>

#include "event/prepared.h"
#include "json/value.h"

namespace plog::report {
namespace {

constexpr std::size_t kPageRows = 256;

}  // namespace

ledger::Epochs read_epochs(store::Store& store) {
  ledger::Epochs epochs{ledger::Checks()};
  ledger::Findings findings;
  store::Filter filter;
  filter.agent = event::kSystemAgent;
  std::vector<store::EventRow> rows;
  for (bool more = true; more;) {
    rows.clear();
    more = store.page(filter, kPageRows, rows);
    for (const store::EventRow& row : rows) {
      const json::Value event = json::parse(row.canonical);
      const json::Value* name = event.find("action_name");
      if (name == nullptr || !ledger::Epochs::is_key_event(name->text())) continue;
      epochs.add(row.canonical, row.commit_index, row.sequence, findings);
    }
  }
  return epochs;
}

}  // namespace plog::report
