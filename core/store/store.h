// The store keeps events in commit order and the tiles of their tree, and queries them. It never computes a hash of
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "crypto/sha256.h"
#include "event/prepared.h"
#include "store/audit.h"
#include "store/filter.h"

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

// One event as a query returns it: the stored bytes and the ledger's columns. Owns its strings.
struct EventRow {
  std::uint64_t commit_index = 0;
  std::uint64_t sequence = 0;
  Digest hash{};
  Digest prev_hash{};
  std::string canonical;
  std::string warnings;
};

// Appends the JSON text of a row to `out`: the stored canonical object with sequence, hash, prev_hash and
// validation_warnings added at its end. Throws kCorrupt if the stored bytes are not a JSON object.
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
  std::uint64_t file_bytes = 0, wal_bytes = 0;
  Micros first = 0, last = 0;
  std::vector<std::pair<std::string, std::uint64_t>> by_type, by_status;
  std::string ledger_id;
};

// Keys of the table meta, in which the ledger keeps texts about itself.
inline constexpr std::string_view kMetaLedgerId = "ledger_id";
inline constexpr std::string_view kMetaOrigin = "origin";  // of the heads that are being signed
inline constexpr std::string_view kMetaHead = "head";      // the newest head published before the last commit
inline constexpr std::string_view kMetaKey = "key";        // the public key (vkey) of the current epoch
inline constexpr std::string_view kMetaEpoch = "epoch";
inline constexpr std::string_view kMetaRedaction =
    "redaction";  // digest of the redaction rules that were recorded last
inline constexpr std::string_view kMetaKeptHead =
    "kept_head";  // SHA-256 of the head that the last origin.changed event keeps

enum class OpenMode {
  kReadWrite,  // creates the ledger if it does not exist
  kReadOnly,   // never writes to the database or its WAL; the ledger must exist
};

// A ledger in one database. Each group of calls states its thread safety. A fork() first waits for a running page or
// transaction and closes the connections, which are opened again when needed, so parent and child may both go on using
// the store.
class Store {
 public:
  virtual ~Store() = default;

  // ---- Writing. One thread at a time. The caller must hold the ledger's writer lock from begin to commit or rollback.

  // Starts a transaction (BEGIN IMMEDIATE), after creating or migrating the schema if needed. False if the ledger is as
  // this store's last commit left it; true if another connection may have written to it or the file was replaced.
  // Throws kBusy if another connection is writing to the database, kUnsupported if the ledger's format needs a newer
  // library, kCorrupt if the file is not a ledger.
  virtual bool begin() = 0;
  // The number of events, which is the next commit index. If it is 0, the caller must first append `ledger.created`.
  virtual std::uint64_t size() = 0;
  virtual ChainHead chain_head(std::string_view agent) = 0;
  // The canonical bytes of the stored event with this agent and id, or nullopt if there is none.
  virtual std::optional<std::string> existing(std::string_view agent, const Uuid& id) = 0;
  // Appends the event and its index rows at the next commit index. False, and nothing is changed, if the ledger already
  // has an event with this agent and id.
  virtual bool append(const event::Prepared& event, std::string_view agent, std::uint64_t sequence, const Digest& hash,
                      const Digest& prev_hash) = 0;
  // Sets the context of a label, which a context event has recorded.
  virtual void put_context(std::string_view key, std::string_view value, std::string_view canonical_context) = 0;
  virtual void set_meta(std::string_view key, std::string_view value) = 0;
  // The number of leaves in the stored tree.
  virtual std::uint64_t tree_size() = 0;
  // The bytes of a tile, which may be partial: 32 for each hash (docs/formats.md, Tiles). Empty if there is no such
  // tile.
  virtual std::string own_tile(unsigned level, std::uint64_t index) = 0;
  virtual void put_tile(unsigned level, std::uint64_t index, std::string_view hashes) = 0;
  // Deletes the tiles of a level from `index` on.
  virtual void cut_tiles(unsigned level, std::uint64_t index) = 0;
  virtual std::optional<JournalPosition> journal_position(const Uuid& journal) = 0;
  virtual void set_journal_position(const Uuid& journal, const JournalPosition& position) = 0;
  virtual void forget_journal(const Uuid& journal) = 0;
  // With `sync`, the transaction is on disk (fsync) on return; otherwise it survives the process, but not a power loss.
  virtual void commit(bool sync) = 0;
  virtual void rollback() noexcept = 0;
  // Flushes everything committed to disk (fsync). Must be called outside a transaction.
  virtual void sync() = 0;
  // Moves the WAL into the database if at least `min_wal_bytes` of it are in use; 0 means always. Never waits for
  // readers. Must be called under the writer lock and outside a transaction.
  virtual void checkpoint(std::uint64_t min_wal_bytes) = 0;
  // Closes the writing connection; the next begin opens it again.
  virtual void close_writer() noexcept = 0;

  // ---- Reading. Any thread.

  // Appends the rows of one page to `out`: at most `page`, and fewer if they are large. Advances filter.after and uses
  // up limit and offset, so the same call returns the next page. False if no rows follow. Leaves no transaction open.
  virtual bool page(Filter& filter, std::size_t page, std::vector<EventRow>& out) = 0;
  virtual std::uint64_t count(const Filter& filter) = 0;  // ignores limit, offset and after
  // The first committed event with this id, or nullopt; with `agent`, only events of that agent count.
  virtual std::optional<EventRow> find(const Uuid& id, const std::optional<std::string>& agent) = 0;
  virtual std::optional<std::string> context(std::string_view key, std::string_view value) = 0;
  virtual std::vector<AgentSummary> agents(bool include_system) = 0;
  // At most `limit` sessions, those with the newest activity first.
  virtual std::vector<SessionSummary> sessions(const std::optional<std::string>& agent, std::uint64_t limit) = 0;
  virtual Summary summary() = 0;
  virtual std::string meta(std::string_view key) = 0;  // empty if the key does not exist
  // As own_tile(), but reads the committed ledger.
  virtual std::string tile(unsigned level, std::uint64_t index) = 0;
  // The committed positions of all journals that the ledger knows.
  virtual std::vector<std::pair<Uuid, JournalPosition>> journals() = 0;

  // The reads of verification. Owned by the store.
  virtual Audit& audit() = 0;

  // Writes a consistent copy of the ledger, which may be in use, to one new file at `path` (0600). Calls `progress`
  // with the pages copied and their total; false from it stops the backup. Throws kInvalid if `path` exists, kCancelled
  // if `progress` stopped it. After an error no file is left.
  virtual void backup(const std::string& path, const std::function<bool(std::uint64_t, std::uint64_t)>& progress) = 0;
};

// Installs the handlers that close the connections of all stores around a fork, once per process image. open_sqlite
// calls it too. A caller that has fork handlers of its own, and transactions during which the process may fork, must
// install its handlers after this call: the last installed prepare handler runs first and can make sure that no
// transaction is open. A fork waits a few seconds for a transaction of another thread. If one is still open then, or
// the forking thread has one open, every call on the child's store throws kInternal.
void install_fork_handlers();

// Opens the SQLite ledger at `path`, which must have its symbolic links resolved. kReadWrite creates a missing ledger
// (0600) in an existing directory. Throws kNotFound (kReadOnly, and no file exists), kIo, kCorrupt (the file is not a
// ledger), kUnsupported (a newer reader format, or a network file system).
std::unique_ptr<Store> open_sqlite(const std::string& path, OpenMode mode);

}  // namespace plog::store
