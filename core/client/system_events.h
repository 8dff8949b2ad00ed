// Events of the reserved agent `provenlog` (design 3.1): what the ledger says about itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/journal.h"
#include "event/builder.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace plog::client {

inline constexpr std::string_view kLedgerCreated = "ledger.created";
inline constexpr std::string_view kGap = "gap";
inline constexpr std::string_view kContextChanged = "context.changed";
inline constexpr std::string_view kKeyCreated = "key.created";
inline constexpr std::string_view kKeyRotated = "key.rotated";
inline constexpr std::string_view kOriginChanged = "origin.changed";
inline constexpr std::string_view kRedactionChanged = "redaction.changed";
inline constexpr std::string_view kHeadAcknowledged = "head.acknowledged";

// Of the rules by which a client redacts, and how much of content it keeps.
struct RedactionRules {
  redact::RulesInForce rules;
  json::Value capture_content;
  std::string digest;  // of all that, and of the library's version
};
// `redactor` may be null.
RedactionRules redaction_rules(const redact::Redactor* redactor, const event::CapturePolicy& capture);

// From when on heads have this name, and are signed by this key.
struct Epoch {
  std::uint64_t number = 0;  // 1 for the first; 0 before a ledger has a key
  std::string origin, vkey;
};

// The first event of every ledger. `redaction` may be null. The result borrows from `builder`.
event::Prepared ledger_created(event::Builder& builder, std::string_view ledger_id, const Epoch& epoch,
                               const RedactionRules* redaction);

// From here on a client writes that redacts by other rules than those on record.
event::Prepared redaction_changed(event::Builder& builder, const RedactionRules& rules);

// Events that were not recorded. `reason`: "journal_full", "journal_damaged" or "ledger_deleted". Its id follows from
// the journal, the generation and the reason, so that it is recorded once.
event::Prepared gap(event::Builder& builder, const Uuid& journal, std::uint64_t generation, std::string_view reason,
                    const std::vector<Dropped>& dropped);

// The context of a label value; `context` is a JSON object. User text in it is redacted with `defaults.redactor`, and
// as much of the context is kept as `defaults.capture` says. Throws Error(kInvalid) when it is no object.
event::Prepared context_changed(event::Builder& builder, const event::Defaults& defaults, std::string_view key,
                                std::string_view value, std::string_view context, event::Effects& effects);

// The first epoch of a ledger that was created without a key.
event::Prepared key_created(event::Builder& builder, const Epoch& epoch);

// The next epoch, with a note that the old key and the new one signed (docs/formats.md, Keys).
event::Prepared key_rotated(event::Builder& builder, const Epoch& epoch, std::string_view note);

// Why heads have another origin from here on: the ledger does not extend the head that stood beside it.
struct OriginChange {
  std::string origin;           // the new one
  std::string vkey;             // the same key under the new name
  std::string_view reason;      // "rolled_back", "head_mismatch", "head_unreadable", "head_of_another_ledger",
                                // "head_missing", "tree_mismatch", "restored"
  std::uint64_t size = 0;       // events before this one
  std::uint64_t tree_size = 0;  // leaves that the stored tree had
  std::string head;             // the head that was found, which is kept here; empty: there was none
};
event::Prepared origin_changed(event::Builder& builder, const OriginChange& change);

// An operator has seen the heads that the ledger does not extend, named by the SHA-256 of their octets. The comment is
// redacted with `redactor` (may be null).
event::Prepared head_acknowledged(event::Builder& builder, const std::vector<std::string>& heads,
                                  std::string_view comment, std::shared_ptr<const redact::Redactor> redactor);

// What a stored context_changed event says.
struct ContextChange {
  std::string key, value;
  std::string_view context;  // canonical, borrowed from the event
};
// False when `event` is no such event.
bool read_context_change(const event::Prepared& event, ContextChange& change);

}  // namespace plog::client
