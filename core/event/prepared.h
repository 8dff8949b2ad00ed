// An event as the journal and the store handle it: its canonical form, its warnings, and the positions of the indexed
// fields.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/uuid.h"

namespace plog::event {

// The provenance fields that are indexed, with their names below in the same order.
enum class Reference : std::uint8_t {
  kProvenanceId,
  kParentEventId,
  kToolCallId,
  kArtifactId,
  kAuditId,
  kInterventionId,
};
inline constexpr std::size_t kReferenceCount = 6;
inline constexpr std::array<std::string_view, kReferenceCount> kReferenceNames = {
    "provenance_id", "parent_event_id", "tool_call_id", "artifact_id", "audit_id", "intervention_id"};

// A position in the canonical form: of the text between a string's quotes (still escaped) or, for `labels` and
// `parents`, of the whole container. If the size is 0, the field is absent or empty.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

// Everything that a store needs to index an event without parsing it.
struct Index {
  Uuid id{};
  Micros time = 0;  // the event's timestamp
  Span agent, session, source, type, name, status, labels, parents;
  std::array<Span, kReferenceCount> references;
};

// A prepared event. The texts are borrowed.
struct Prepared {
  Index index;
  std::string_view canonical;  // canonical form of the content fields
  std::string_view warnings;   // canonical form of the validation_warnings array; empty if there are no warnings
  bool system = false;         // an event of the reserved agent

  std::string_view raw(const Span& span) const { return canonical.substr(span.offset, span.size); }
};

inline constexpr std::string_view kSystemAgent = "provenlog";

// Returns the text of a string span: a view into the event if the text has no escapes, otherwise `buffer`, into which
// it is decoded. Throws Error(kCorrupt) for an invalid escape.
std::string_view text_of(const Prepared& event, const Span& span, std::string& buffer);

// Builds the index of a canonical event by reading it. Throws Error(kCorrupt) if the text is not a canonical event.
Index index_of(std::string_view canonical);

// The payload of a journal record: a version byte, the index as little-endian integers, the canonical form, and the
// warnings. encode appends to `out`. decode throws Error(kCorrupt) unless all spans and sizes fit; its result borrows
// from `payload`.
void encode(const Prepared& event, std::string& out);
Prepared decode(std::string_view payload);

// Whether two canonical events differ only in `timestamp`, `duration_ms` and `salt`, so that one is a retry of the
// other. Throws Error(kCorrupt).
bool same_content(std::string_view left, std::string_view right);

}  // namespace plog::event
