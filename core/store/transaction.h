// One write transaction of a ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "crypto/sha256.h"
#include "event/prepared.h"

namespace plog::store {

// The newest event of an agent's chain. Without one, sequence 0 and 32 zero bytes.
struct ChainHead {
  std::uint64_t sequence = 0;
  Digest hash{};
};

// How far a journal has been committed: everything before byte `offset` of `segment` is in the ledger.
struct JournalPosition {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

// What identifies an event. Each pair is stored at most once.
struct EventKey {
  std::string_view agent;
  Uuid id{};
};

// A stored event, as far as a writer compares a new one with it.
struct StoredEvent {
  std::string canonical;  // empty if the event was erased
  std::uint64_t commit_index = 0;
  std::uint64_t sequence = 0;
  Digest hash{};
};

// An event with its place in its agent's chain. Borrows everything until append() returns.
struct NewRow {
  const event::Prepared* event = nullptr;
  std::string_view agent;
  std::uint64_t sequence = 0;
  Digest hash{};
  Digest prev_hash{};
};

// Reads its own writes. One thread at a time. A call that throws leaves the transaction usable only for its
// destruction. Calls throw kFull, kIo, kCorrupt or kBusy for failures of the database.
class Transaction {
 public:
  Transaction() = default;
  // Rolls back unless commit() has returned.
  virtual ~Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // False if the ledger is as this store's last commit left it; true if another writer may have changed or replaced it.
  virtual bool changed() const noexcept = 0;

  // ---- Events

  // The number of events, which is the next commit index. If it is 0, the caller must first append `ledger.created`.
  virtual std::uint64_t size() const noexcept = 0;
  // The newest event of each agent's chain, in the order of `agents`.
  virtual std::vector<ChainHead> chain_heads(std::span<const std::string_view> agents) = 0;
  // The stored events, in the order of `keys`; nullopt for a key that the ledger does not have.
  virtual std::vector<std::optional<StoredEvent>> existing(std::span<const EventKey> keys) = 0;
  // Appends rows and their index entries at the next commit indexes, in order, up to the first row whose key the ledger
  // already has. Returns the number of rows appended.
  virtual std::size_t append(std::span<const NewRow> rows) = 0;

  // ---- The tree (docs/formats.md, Tiles)

  // The number of leaves in the stored tree.
  virtual std::uint64_t tree_size() = 0;
  // The bytes of a tile, which may be partial: 32 for each hash. Empty if there is no such tile.
  virtual std::string tile(unsigned level, std::uint64_t index) = 0;
  virtual void put_tile(unsigned level, std::uint64_t index, std::string_view hashes) = 0;
  // Deletes the tiles of a level from `index` on.
  virtual void cut_tiles(unsigned level, std::uint64_t index) = 0;

  // ---- What else the ledger keeps

  virtual std::string meta(std::string_view key) = 0;  // empty if the key does not exist
  virtual void set_meta(std::string_view key, std::string_view value) = 0;
  // Sets the context of a label, which a context event has recorded.
  virtual void put_context(std::string_view key, std::string_view value, std::string_view canonical_context) = 0;
  virtual std::optional<JournalPosition> journal_position(const Uuid& journal) = 0;
  virtual void set_journal_position(const Uuid& journal, const JournalPosition& position) = 0;
  virtual void forget_journal(const Uuid& journal) = 0;

  // ---- The end

  // With `sync`, the transaction is on disk on return; otherwise it survives the process, but not a power loss. Must be
  // the last call.
  virtual void commit(bool sync) = 0;
};

}  // namespace plog::store
