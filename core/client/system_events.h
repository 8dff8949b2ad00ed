// Events of the reserved agent `provenlog` (design 3.1): what the ledger says about itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/journal.h"
#include "event/builder.h"

namespace plog::client {

inline constexpr std::string_view kLedgerCreated = "ledger.created";
inline constexpr std::string_view kGap = "gap";
inline constexpr std::string_view kContextChanged = "context.changed";

// The first event of every ledger. The result borrows from `builder`.
event::Prepared ledger_created(event::Builder& builder, std::string_view ledger_id);

// Events that were not recorded. `reason`: "journal_full", "journal_damaged" or "ledger_deleted". Its id follows from
// the journal, the generation and the reason, so that it is recorded once.
event::Prepared gap(event::Builder& builder, const Uuid& journal, std::uint64_t generation, std::string_view reason,
                    const std::vector<Dropped>& dropped);

// The context of a label value; `context` is a JSON object. User text in it is redacted with `defaults.redactor`.
// Throws Error(kInvalid) when it is no object.
event::Prepared context_changed(event::Builder& builder, const event::Defaults& defaults, std::string_view key,
                                std::string_view value, std::string_view context, event::Effects& effects);

// What a stored context_changed event says.
struct ContextChange {
  std::string key, value;
  std::string_view context;  // canonical, borrowed from the event
};
// False when `event` is no such event.
bool read_context_change(const event::Prepared& event, ContextChange& change);

}  // namespace plog::client
