// The events of the reserved agent `provenlog`, in which the ledger records facts about itself (docs/formats.md). Each
// function that returns an Prepared resets `builder`, from which the result borrows.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "event/builder.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace plog::event {

inline constexpr std::string_view kLedgerCreated = "ledger.created";
inline constexpr std::string_view kGap = "gap";
inline constexpr std::string_view kContextChanged = "context.changed";
inline constexpr std::string_view kKeyCreated = "key.created";
inline constexpr std::string_view kKeyRotated = "key.rotated";
inline constexpr std::string_view kOriginChanged = "origin.changed";
inline constexpr std::string_view kRedactionChanged = "redaction.changed";
inline constexpr std::string_view kHeadAcknowledged = "head.acknowledged";

// The redaction rules of a client, and how much content it keeps.
struct RedactionRules {
  redact::RulesInForce rules;
  json::Value capture_content;
  std::string digest;  // SHA-256 of all that and of the library's version, in hex
};
// `redactor` may be null.
RedactionRules redaction_rules(const redact::Redactor* redactor, const CapturePolicy& capture);

// A range of the ledger whose heads have this origin and are signed by this key.
struct Epoch {
  std::uint64_t number = 0;  // 1 for the first; 0 before a ledger has a key
  std::string origin, vkey;
};

// The first event of every ledger. `redaction` may be null.
Prepared ledger_created(Builder& builder, std::string_view ledger_id, const Epoch& epoch,
                        const RedactionRules* redaction);

// Records that from here on a client writes with other rules than those last on record.
Prepared redaction_changed(Builder& builder, const RedactionRules& rules);

// The dropped events of one agent.
struct Dropped {
  std::string agent;  // at most 87 bytes of its name; "other" beyond 16 agents
  std::uint64_t count = 0;
  Micros first = 0, last = 0;  // their earliest and latest timestamp
};

// Records that events were lost. `reason`: "journal_full", "journal_damaged" or "ledger_deleted". The event's id is
// derived from the journal, the generation and the reason, so the same gap is not recorded twice.
Prepared gap(Builder& builder, const Uuid& journal, std::uint64_t generation, std::string_view reason,
             const std::vector<Dropped>& dropped);

// Records the context of a label value; `context` is a JSON object. It is redacted with `defaults.redactor` and kept as
// far as `defaults.capture` says. Throws Error(kInvalid) if it is not an object.
Prepared context_changed(Builder& builder, const Defaults& defaults, std::string_view key, std::string_view value,
                         std::string_view context, Effects& effects);

// Begins the first epoch of a ledger that was created without a key.
Prepared key_created(Builder& builder, const Epoch& epoch);

// Begins the next epoch, with a note signed by both the old and the new key (docs/formats.md, Rotations).
Prepared key_rotated(Builder& builder, const Epoch& epoch, std::string_view note);

// Why heads have another origin from here on: the ledger does not extend its newest head, or was restored from a copy.
struct OriginChange {
  std::string origin;           // the new one
  std::string vkey;             // the same key under the new name
  std::string_view reason;      // "rolled_back", "head_mismatch", "head_unreadable", "head_of_another_ledger",
                                // "head_missing", "tree_mismatch", "restored"
  std::uint64_t size = 0;       // events before this one
  std::uint64_t tree_size = 0;  // leaves in the stored tree
  std::string head;             // the head that was found, to be kept in the event; empty if there was none
};
Prepared origin_changed(Builder& builder, const OriginChange& change);

// Records that an operator has seen heads that the ledger does not extend. `heads`: the SHA-256 of each head's bytes,
// in hex. The comment is redacted with `redactor` (may be null).
Prepared head_acknowledged(Builder& builder, const std::vector<std::string>& heads, std::string_view comment,
                           std::shared_ptr<const redact::Redactor> redactor);

// The content of a stored context.changed event.
struct ContextChange {
  std::string key, value;
  std::string_view context;  // canonical, borrowed from the event
};
// Returns false if `event` is not a context.changed event.
bool read_context_change(const Prepared& event, ContextChange& change);

}  // namespace plog::event
