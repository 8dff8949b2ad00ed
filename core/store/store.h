// The store: keeps events in commit order and the tiles of their tree, finds them again, and never computes a hash.
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

// The newest event of an agent's chain; sequence 0 and 32 zero octets when there is none.
struct ChainHead {
  std::uint64_t sequence = 0;
  Digest hash{};
};

// How far a journal has been committed: everything before `offset` of `segment` is in the ledger.
struct JournalPosition {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

// One event as a query returns it: the stored octets with the ledger's fields. Texts are owned.
struct EventRow {
  std::uint64_t commit_index = 0;
  std::uint64_t sequence = 0;
  Digest hash{};
  Digest prev_hash{};
  std::string canonical;
  std::string warnings;
};

// The JSON text of a row: the stored canonical object with sequence, hash, prev_hash and validation_warnings appended.
// Nothing in it comes from anywhere but the stored octets and the ledger columns.
void append_json(const EventRow& row, std::string& out);

// Times are the earliest and the latest timestamp of the events counted.
struct AgentSummary {
  std::string agent;
  std::uint64_t events = 0;
  Micros first = 0, last = 0;
};
struct SessionSummary {
  std::string agent, session;
  std::uint64_t events = 0, errors = 0;  // errors: of status "error"
  Micros first = 0, last = 0;
};
// All but `system_events` leave out the events of the reserved agent.
struct Summary {
  std::uint64_t events = 0, agents = 0, sessions = 0, errors = 0, system_events = 0;
  std::uint64_t file_bytes = 0, wal_bytes = 0;
  Micros first = 0, last = 0;
  std::vector<std::pair<std::string, std::uint64_t>> by_type, by_status;
  std::string ledger_id;
};

// Texts that the ledger keeps about itself (table meta).
inline constexpr std::string_view kMetaLedgerId = "ledger_id";
inline constexpr std::string_view kMetaOrigin = "origin";  // of the heads that are signed now
inline constexpr std::string_view kMetaHead = "head";      // the newest that was published before the last commit
inline constexpr std::string_view kMetaKey = "key";        // the public key (vkey) of the present epoch
inline constexpr std::string_view kMetaEpoch = "epoch";
inline constexpr std::string_view kMetaRedaction = "redaction";  // digest of the rules last on record
inline constexpr std::string_view kMetaKeptHead =
    "kept_head";  // SHA-256 of the head that the last origin.changed keeps

enum class OpenMode {
  kReadWrite,  // create when absent
  kReadOnly,   // never writes: not a table, not a WAL header. The file must exist
};

// A ledger in one database. Thread-safe as said at each group. At fork() its connections are closed in prepare (so a
// fork waits for a running page or commit) and opened again when needed; the child may use it too.
class Store {
 public:
  virtual ~Store() = default;

  // ---- Writing. One thread at a time, and the caller holds the ledger's writer lock from begin to commit/rollback.

  // Starts a transaction (BEGIN IMMEDIATE). Creates or migrates the schema first. False when the ledger is as this
  // store's last commit left it; true when somebody else may have written, or it is another file. Throws kBusy when a
  // foreign writer holds the database, kUnsupported when its format forbids this library to write, kCorrupt when it is
  // no ledger.
  virtual bool begin() = 0;
  // The number of events: the next commit index. Of a ledger with none, the caller appends `ledger.created` first.
  virtual std::uint64_t size() = 0;
  virtual ChainHead chain_head(std::string_view agent) = 0;
  // The canonical octets of an event that is already there; nullopt if new.
  virtual std::optional<std::string> existing(std::string_view agent, const Uuid& id) = 0;
  // Appends at the next commit index, with its index rows. False, and nothing changed, if (agent, id) is already there.
  virtual bool append(const event::Prepared& event, std::string_view agent, std::uint64_t sequence, const Digest& hash,
                      const Digest& prev_hash) = 0;
  // Upserts the projection of a context event.
  virtual void put_context(std::string_view key, std::string_view value, std::string_view canonical_context) = 0;
  virtual void set_meta(std::string_view key, std::string_view value) = 0;
  // The number of leaves in the stored tree.
  virtual std::uint64_t tree_size() = 0;
  // The octets of a tile as far as it is filled, 32 for each hash (docs/formats.md, Tiles). Empty when there is none.
  virtual std::string own_tile(unsigned level, std::uint64_t index) = 0;
  virtual void put_tile(unsigned level, std::uint64_t index, std::string_view hashes) = 0;
  // Removes the tiles of a level from that index on.
  virtual void cut_tiles(unsigned level, std::uint64_t index) = 0;
  virtual std::optional<JournalPosition> journal_position(const Uuid& journal) = 0;
  virtual void set_journal_position(const Uuid& journal, const JournalPosition& position) = 0;
  virtual void forget_journal(const Uuid& journal) = 0;
  // `sync`: on disk (fsync) when it returns; else the operating system's.
  virtual void commit(bool sync) = 0;
  virtual void rollback() noexcept = 0;
  // Puts all that is committed on disk (fsync), outside a transaction.
  virtual void sync() = 0;
  // Moves the WAL into the database when it has grown beyond `min_wal_bytes`; 0 always. Never blocks on readers. Under
  // the writer lock too, outside a transaction.
  virtual void checkpoint(std::uint64_t min_wal_bytes) = 0;
  // Closes the writing connection; the next begin opens it again.
  virtual void close_writer() noexcept = 0;

  // ---- Reading. Any thread.

  // Rows of one page, at most `page` of them and few if they are large, appended to `out`. Advances filter.after (and
  // uses up limit and offset), so that the same call again gives the next page; false when there are no more. No
  // transaction stays open.
  virtual bool page(Filter& filter, std::size_t page, std::vector<EventRow>& out) = 0;
  virtual std::uint64_t count(const Filter& filter) = 0;  // ignores limit, offset and after
  // The first committed event with that id (of that agent, if given).
  virtual std::optional<EventRow> find(const Uuid& id, const std::optional<std::string>& agent) = 0;
  virtual std::optional<std::string> context(std::string_view key, std::string_view value) = 0;
  virtual std::vector<AgentSummary> agents(bool include_system) = 0;
  // Newest activity first.
  virtual std::vector<SessionSummary> sessions(const std::optional<std::string>& agent, std::uint64_t limit) = 0;
  virtual Summary summary() = 0;
  virtual std::string meta(std::string_view key) = 0;  // empty when there is none
  // As own_tile, of what is committed.
  virtual std::string tile(unsigned level, std::uint64_t index) = 0;
  // The positions of all journals that the ledger knows.
  virtual std::vector<std::pair<Uuid, JournalPosition>> journals() = 0;

  // What verification reads. Lives as long as the store.
  virtual Audit& audit() = 0;

  // A consistent copy of the ledger, while it is in use, as one file at `path` (0600, must not exist).
  virtual void backup(const std::string& path, const std::function<bool(std::uint64_t, std::uint64_t)>& progress) = 0;
};

// Installs the handlers that close the connections of all stores around a fork, once for each process image;
// open_sqlite does it too. Whoever has fork handlers of its own, and transactions in which a fork may fall, installs
// those afterwards: the last installed run first, and can see to it that no transaction is open. One that is open
// nevertheless is waited for during some seconds; after that the child's store throws kInternal at every call.
void install_fork_handlers();

// Opens (kReadWrite: creates, 0600, in an existing directory) the SQLite ledger at a real path. Throws kNotFound, kIo,
// kCorrupt (no ledger: wrong application id), kUnsupported (a newer format for readers; a network file system).
std::unique_ptr<Store> open_sqlite(const std::string& path, OpenMode mode);

}  // namespace plog::store
