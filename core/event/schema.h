// Schema 1.0: the top-level fields of an event, in the order of the canonical form. docs/formats.md describes them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace plog::event {

enum class Field : std::uint8_t {
  kActionInput,
  kActionName,
  kActionOutput,
  kActionStatus,
  kActionType,
  kAgentId,
  kArtifactId,
  kAuditId,
  kCaptureMethod,
  kDurationMs,
  kErrorMessage,
  kId,
  kInterventionId,
  kLabels,
  kMetadata,
  kParentEventId,
  kParents,
  kProvenanceId,
  kSalt,
  kSchemaVersion,
  kSessionId,
  kSource,
  kTimestamp,
  kToolCallId,
  // Ledger fields, which are not content. If an input contains one, it is kept in metadata._invalid.
  kHash,
  kPrevHash,
  kSequence,
  kValidationWarnings,
  kUnknown,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::kToolCallId) + 1;

inline constexpr std::array<std::string_view, 28> kFieldNames = {
    "action_input",    "action_name", "action_output",      "action_status",  "action_type",
    "agent_id",        "artifact_id", "audit_id",           "capture_method", "duration_ms",
    "error_message",   "id",          "intervention_id",    "labels",         "metadata",
    "parent_event_id", "parents",     "provenance_id",      "salt",           "schema_version",
    "session_id",      "source",      "timestamp",          "tool_call_id",   "hash",
    "prev_hash",       "sequence",    "validation_warnings"};

// The type that the value of a field must have.
enum class Kind : std::uint8_t {
  kAny,      // action_input, action_output, unknown fields: free content
  kText,     // error_message: free content, a string
  kObject,   // labels, metadata: free content
  kString,   // structural fields
  kInteger,  // duration_ms
  kStrings,  // parents: an array of strings
  kLedger,   // never accepted as input
};

constexpr std::string_view field_name(Field field) { return kFieldNames[static_cast<std::size_t>(field)]; }
inline constexpr auto kFieldKinds = [] {
  std::array<Kind, static_cast<std::size_t>(Field::kUnknown) + 1> kinds{};
  kinds.fill(Kind::kString);
  const auto set = [&](Field field, Kind kind) { kinds[static_cast<std::size_t>(field)] = kind; };
  for (const Field field : {Field::kActionInput, Field::kActionOutput, Field::kUnknown}) set(field, Kind::kAny);
  set(Field::kErrorMessage, Kind::kText);
  for (const Field field : {Field::kLabels, Field::kMetadata}) set(field, Kind::kObject);
  set(Field::kDurationMs, Kind::kInteger);
  set(Field::kParents, Kind::kStrings);
  for (const Field field : {Field::kHash, Field::kPrevHash, Field::kSequence, Field::kValidationWarnings}) {
    set(field, Kind::kLedger);
  }
  return kinds;
}();
constexpr Kind field_kind(Field field) noexcept { return kFieldKinds[static_cast<std::size_t>(field)]; }
// Returns kUnknown for a name that the schema does not define.
Field find_field(std::string_view name) noexcept;

inline constexpr std::size_t kMaxStructuralBytes = 1024;
inline constexpr std::size_t kMaxParents = 1024;
inline constexpr int kMaxDepth = 128;    // of nested containers, including the event
inline constexpr int kInvalidDepth = 2;  // of the containers that metadata._invalid puts around a top-level value
inline constexpr std::size_t kMaxWarnings = 32;
inline constexpr std::size_t kMaxWarningCodeBytes = 64;  // of the strings of one warning
inline constexpr std::size_t kMaxWarningDetailBytes = 1024;
inline constexpr std::size_t kMaxWarningFieldBytes = 1024;
inline constexpr std::size_t kHeadBytes = 1024;  // of a truncated value, kept in its marker
inline constexpr std::uint64_t kDefaultMaxEventBytes = 1u << 20;

}  // namespace plog::event
