// An event as the journal and the store know it: final canonical octets, warnings, and where the indexed fields lie.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/uuid.h"

namespace plog::event {

// Names of design 3.1, in the order of this enum.
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

// Where a JSON string's inside (between its quotes, still escaped), or for `labels` and `parents` the whole container,
// lies in the canonical octets. size 0 = absent (or empty).
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

// Everything a store needs to index an event without parsing it. Filled when the event is prepared.
struct Index {
  Uuid id{};
  Micros time = 0;  // the event's timestamp
  Span agent, session, source, type, name, status, labels, parents;
  std::array<Span, kReferenceCount> references;
};

// A prepared event; the texts are borrowed.
struct Prepared {
  Index index;
  std::string_view canonical;  // RFC 8785 octets of the content fields
  std::string_view warnings;   // RFC 8785 octets of the validation_warnings array; empty when there are none
  bool system = false;         // of the reserved agent

  std::string_view raw(const Span& span) const { return canonical.substr(span.offset, span.size); }
};

inline constexpr std::string_view kSystemAgent = "provenlog";

// The text of a string span: itself when it has no escapes, else decoded into `buffer`.
std::string_view text_of(const Prepared& event, const Span& span, std::string& buffer);

// Finds the index of canonical octets by reading them (adopted journals of other versions, ingest of exports,
// verification). Throws Error(kCorrupt) when they are no canonical event.
Index index_of(std::string_view canonical);

// Journal payload: a version octet, the index as little-endian integers, then the octets. decode checks
// every span against the sizes and throws Error(kCorrupt); the result borrows from `payload`.
void encode(const Prepared& event, std::string& out);
Prepared decode(std::string_view payload);

// Whether two canonical events differ in nothing but `timestamp`, `duration_ms` and `salt`: a retry of the same event.
bool same_content(std::string_view left, std::string_view right);

}  // namespace plog::event
