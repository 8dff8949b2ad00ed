#include "report/leaf_of.h"

#include "event/octets.h"
#include "ledger/leaf.h"

namespace plog::report {

LeafText::LeafText(const store::EventRow& row, Buffer& buffer) {
  event::Prepared event;
  event.canonical = row.canonical;
  event.index = event::index_of(row.canonical);
  std::string text;
  agent = event::text_of(event, event.index.agent, text);
  id = event.index.id;
  ledger::Leaf leaf;
  leaf.agent = agent;
  leaf.id = id;
  leaf.sequence = row.sequence;
  leaf.hash = row.hash;
  leaf.prev_hash = row.prev_hash;
  ledger::Hash warnings;
  if (!row.warnings.empty()) {
    warnings = ledger::warnings_digest(row.warnings, event::salt_of(row.canonical));
    leaf.warnings = &warnings;
  }
  octets = ledger::leaf_octets(leaf, buffer);
}

}  // namespace plog::report
