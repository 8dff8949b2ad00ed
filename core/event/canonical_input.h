// The door for events that another provenlog has prepared, such as the client of a server. Everything about them is
// checked, because the sender can be wrong or lie: an event that passes could have come from a preparation in this
// process.
#pragma once

#include <string_view>

#include "event/builder.h"
#include "event/prepared.h"
#include "json/reader.h"

namespace plog::event {

// An event as its sender prepared it, in the terms of Prepared. The texts are borrowed.
struct CanonicalEvent {
  std::string_view canonical;
  std::string_view warnings;  // empty if the event has no warnings
};

// Checks the event and prepares it for the ledger of the receiving side.
//
// Accepts exactly the bytes that a Builder can produce: RFC 8785 form, all fields as schema 1.0 has them after repair,
// at most kMaxDepth levels, at most 64 MiB. Anything that preparation would repair, fill in or move is refused, and so
// are the events of the reserved agent. The warnings must be those that a Builder can produce, too.
//
// Of `receiver`, only the redactor, the capture policy and the size limit apply; the sender has set all other fields.
// - If they find nothing to do, the result has the bytes of the input.
// - Redaction replaces what the sender's rules left, in content and in warnings. Existing markers stay as they are.
// - Content that the policy omits becomes its marker. What the sender has omitted keeps its marker, with `none` without
//   its SHA-256.
// - An event that is then over the size limit is cut like any other event, with a warning, and is not refused. What the
//   sender has cut keeps its marker.
// A warning that the event must have but the sender did not send (an unknown field, a value cut at the depth limit) is
// added. `effects` counts only what this call did.
//
// Resets `builder`; the result borrows from it until its next reset. Throws Error(kInvalid) with the name of the field
// or the position, the reason and the remedy. The message contains no content of the event.
Prepared accept_canonical(json::Reader& reader, const CanonicalEvent& event, const Defaults& receiver, Builder& builder,
                          Effects& effects);

}  // namespace plog::event
