#include "ledger/columns.h"

#include "base/error.h"
#include "event/prepared.h"
#include "json/canonical.h"

namespace plog::ledger {
namespace {

constexpr std::array<std::string_view, kColumns> kNames = {"session", "source", "type", "name", "status"};

bool same_text(const event::Prepared& event, const event::Span& span, std::string_view stored) {
  std::string buffer;
  try {
    return event::text_of(event, span, buffer) == stored;
  } catch (const Error& error) {
    if (error.status() != Status::kCorrupt) throw;
    return false;
  }
}

}  // namespace

std::string column_faults(const StoredEvent& event, Checks checks) {
  std::string faults;
  const auto add = [&](std::string_view what) {
    if (!faults.empty()) faults += "; ";
    faults += what;
  };
  if (checks.has(Check::kCanonical)) {
    if (event.canonical.empty() || event.canonical.front() != '{' || !json::is_canonical(event.canonical)) {
      add("the canonical bytes are not a canonical JSON object");
    }
    const bool list = event.warnings.size() > 2 && event.warnings.front() == '[' && json::is_canonical(event.warnings);
    if (event.has_warnings && !list) add("the warnings are not a canonical JSON array");
  }
  if (!checks.has(Check::kColumn)) return faults;
  if (event.index == nullptr) {
    add("the canonical bytes are not an event");
    return faults;
  }
  const event::Index& index = *event.index;
  const std::array<const event::Span*, kColumns> spans = {&index.session, &index.source, &index.type, &index.name,
                                                          &index.status};
  event::Prepared prepared;
  prepared.canonical = event.canonical;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const bool present = spans[i]->offset != 0;
    const auto& stored = event.texts[i];
    if (present == stored.has_value() && (!present || same_text(prepared, *spans[i], *stored))) continue;
    add("column " + std::string(kNames[i]) + " differs from the event");
  }
  if (event.time != index.time) add("column time differs from the event");
  return faults;
}

}  // namespace plog::ledger
