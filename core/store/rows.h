// What queries return.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "crypto/sha256.h"

namespace plog::store {

// What is left to show of an erased event.
struct ErasedEvent {
  std::string agent;
  Uuid id{};
  Micros time = 0;
  std::optional<Digest> warnings;  // the warnings_digest() in its leaf; nullopt if it had no warnings
  std::uint64_t recorded_by = 0;   // commit index of the event that records the erasure
};

// One event: the stored bytes and the ledger's columns. Owns its strings.
struct EventRow {
  std::uint64_t commit_index = 0;
  std::uint64_t sequence = 0;
  Digest hash{};
  Digest prev_hash{};
  std::string canonical;  // empty if the event was erased
  std::string warnings;
  std::optional<ErasedEvent> erased;
};

// Appends the JSON text of a row to `out`: the stored canonical object with sequence, hash, prev_hash and
// validation_warnings added at its end. An erased event has agent_id, erased, id and timestamp in place of its content.
// Throws kCorrupt if the stored bytes are not a JSON object.
void append_json(const EventRow& row, std::string& out);

// In all summaries, `first` and `last` are the earliest and the latest timestamp of the events counted.
struct AgentSummary {
  std::string agent;
  std::uint64_t events = 0;
  Micros first = 0, last = 0;
};
struct SessionSummary {
  std::string agent, session;
  std::uint64_t events = 0, errors = 0;  // errors: events whose status is "error"
  Micros first = 0, last = 0;
};
// Only `system_events` counts the events of the reserved agent; all other fields leave them out.
struct Summary {
  std::uint64_t events = 0, agents = 0, sessions = 0, errors = 0, system_events = 0;
  Micros first = 0, last = 0;
  std::vector<std::pair<std::string, std::uint64_t>> by_type, by_status;
  std::string ledger_id;
  // The storage in use, in bytes, by the driver's names for its parts; SQLite: file_bytes and wal_bytes.
  std::vector<std::pair<std::string, std::uint64_t>> storage;
};

}  // namespace plog::store
