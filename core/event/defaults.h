// What a client adds to its events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/capture.h"
#include "event/schema.h"
#include "redact/redactor.h"

namespace plog::event {

// A member of a client's default labels or metadata, already redacted.
struct DefaultMember {
  std::string key;
  std::string value;  // canonical JSON
};

// All defaults of a client. Immutable while events are prepared.
struct Defaults {
  std::string agent_id, session_id, source, capture_method;  // empty: no default
  std::vector<DefaultMember> labels, metadata;               // sorted by key (RFC 8785 order), no duplicates
  std::shared_ptr<const redact::Redactor> redactor;          // null: no redaction
  CapturePolicy capture;  // default labels and metadata are redacted even if it is `full`
  std::uint64_t max_event_bytes = kDefaultMaxEventBytes;
  bool salt = true;
};

// Reads default labels (if `labels`) or metadata from a JSON object; empty text gives no members. `redactor` may be
// null. Throws Error(kInvalid) if the text is malformed or not an object; `what` names it in the message.
std::vector<DefaultMember> make_default_members(std::string_view json, bool labels, const redact::Redactor* redactor,
                                                const std::string& what);

}  // namespace plog::event
