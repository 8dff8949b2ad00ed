// The contents of a ledger in memory.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/uuid.h"
#include "crypto/sha256.h"
#include "event/prepared.h"
#include "ledger/verify.h"
#include "store/filter.h"
#include "store/rows.h"
#include "store/transaction.h"

namespace plog::store::memory {

// A stored event and, decoded, everything that queries select by. Never changes once it is in a state.
struct Row {
  std::uint64_t commit_index = 0, sequence = 0;
  std::string agent;
  Digest hash{}, prev_hash{};
  std::string canonical, warnings;
  event::Index index;                                                         // of `canonical`
  std::array<std::optional<std::string>, ledger::kColumns> texts;             // by ledger::Column
  std::array<std::optional<std::string>, event::kReferenceCount> references;  // without kParentEventId
  std::vector<Uuid> parents;  // the ids in parent_event_id and in parents
  std::map<std::string, std::string> labels;

  const std::optional<std::string>& text(ledger::Column column) const {
    return texts[static_cast<std::size_t>(column)];
  }
  EventRow event_row() const;
};
using RowPointer = std::shared_ptr<const Row>;

// Ignores limit, offset and after.
bool matches(const Row& row, const Filter& filter);

// Everything that a ledger contains at one moment. Copying it does not copy the rows.
struct State {
  std::vector<RowPointer> rows;                                             // by commit index
  std::map<std::pair<std::string, Uuid>, RowPointer> by_id;                 // by agent and id
  std::map<std::pair<std::string, std::uint64_t>, RowPointer> by_sequence;  // by agent and sequence
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles;          // by level and index
  std::map<std::string, std::string, std::less<>> meta;
  std::map<std::pair<std::string, std::string>, std::string> contexts;  // by key and value of the label
  std::map<Uuid, JournalPosition> journals;

  // False, and nothing is changed, if the state already has an event with this agent and id. Throws kCorrupt if the
  // place in the agent's chain is taken.
  bool append(const NewRow& added);
  // Null if there is no such row.
  RowPointer find(std::string_view agent, const Uuid& id) const;
  RowPointer find(std::string_view agent, std::uint64_t sequence) const;
  RowPointer newest_of(std::string_view agent) const;
  std::string tile(unsigned level, std::uint64_t index) const;
  std::string meta_text(std::string_view key) const;
};
using StatePointer = std::shared_ptr<const State>;

// The committed state and the right to replace it. Thread-safe.
class Ledger {
 public:
  explicit Ledger(State state) : state_(std::make_shared<const State>(std::move(state))) {}

  StatePointer committed() const;
  // Reserves the ledger for a transaction of `writer`. Throws kInternal if that writer already has one, and kBusy if
  // another writer has.
  void begin(const void* writer);
  bool has_transaction(const void* writer) const;
  // Ends the transaction. A null state rolls it back.
  void end(StatePointer state);

 private:
  mutable Mutex mutex_;
  StatePointer state_ PLOG_GUARDED_BY(mutex_);
  const void* writer_ PLOG_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace plog::store::memory
