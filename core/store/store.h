// The store keeps events in commit order and the tiles of their tree, and queries them. It never computes a hash of
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/audit.h"
#include "store/filter.h"
#include "store/rows.h"
#include "store/transaction.h"
#include "store/watch.h"

namespace plog::store {

// Keys of the texts that the ledger keeps about itself.
inline constexpr std::string_view kMetaLedgerId = "ledger_id";
inline constexpr std::string_view kMetaOrigin = "origin";  // of the heads that are being signed
inline constexpr std::string_view kMetaHead = "head";      // the newest head published before the last commit
inline constexpr std::string_view kMetaKey = "key";        // the public key (vkey) of the current epoch
inline constexpr std::string_view kMetaEpoch = "epoch";
inline constexpr std::string_view kMetaRedaction = "redaction";  // digest of the newest recorded redaction rules
inline constexpr std::string_view kMetaKeptHead = "kept_head";  // SHA-256 of the head kept by the newest origin.changed

// A limit that no result reaches.
inline constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 53;

enum class OpenMode {
  kReadWrite,  // creates the ledger if it does not exist
  kReadOnly,   // never writes to any file of the ledger; the ledger must exist
};

struct StoreOptions {
  // How many connections the readers of one store may have open at once, at least 1; a reader beyond it waits. Has no
  // meaning for a driver without connections.
  std::uint32_t read_connections = 4;
};

// The writer lock of a ledger, held while it lives.
class WriterLease {
 public:
  WriterLease() = default;
  virtual ~WriterLease() = default;
  WriterLease(const WriterLease&) = delete;
  WriterLease& operator=(const WriterLease&) = delete;
};

// Copied and total, in units of the driver's choice. False stops the copy.
using CopyProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

// A ledger in one database. Each group of calls states its thread safety. A fork() first waits for a running page or
// transaction and closes the connections, which are opened again when needed, so parent and child may both go on using
// the store.
class Store {
 public:
  virtual ~Store() = default;

  // ---- Writing. One thread at a time.

  // Waits until this process may write, for at most `timeout_ms`; then throws kBusy. At most one lease of a ledger
  // exists, over all threads and processes. Throws kIo if the lock cannot be taken at all.
  virtual std::unique_ptr<WriterLease> lock_writer(std::int64_t timeout_ms) = 0;
  // Starts a transaction, after creating or migrating the schema if needed. The caller holds a lease and ends the
  // transaction before it begins the next one. Throws kBusy if another program holds the database, kUnsupported if the
  // ledger's format needs a newer library, kCorrupt if the file is not a ledger.
  virtual std::unique_ptr<Transaction> begin() = 0;
  // Flushes everything committed to disk. Must be called outside a transaction.
  virtual void sync() = 0;
  // Housekeeping that a writer calls after each commit, outside a transaction and holding a lease. Cheap unless work is
  // due. Never waits for readers.
  virtual void maintain() = 0;
  // Puts everything committed into its final place on disk, as far as no reader prevents it. As maintain().
  virtual void consolidate() = 0;
  // For a child made by a bare clone(2), where no fork handler ran: gives up the parent's descriptors without touching
  // its locks. Afterwards the store must not be used.
  virtual void abandon() noexcept = 0;

  // ---- Reading. Any thread.

  // Raises StoreOptions::read_connections to `count` if it is lower.
  virtual void raise_read_connections(std::uint32_t count) = 0;

  // Appends the rows of one page to `out`: at most `page`, and fewer if they are large. Advances filter.after and uses
  // up limit and offset, so the same call returns the next page. False if no rows follow. Leaves no transaction open.
  virtual bool page(Filter& filter, std::size_t page, std::vector<EventRow>& out) = 0;
  virtual std::uint64_t count(const Filter& filter) = 0;  // ignores limit, offset and after
  // The first committed event with this id, or nullopt; with `agent`, only events of that agent count.
  virtual std::optional<EventRow> find(const Uuid& id, const std::optional<std::string>& agent) = 0;
  virtual std::optional<std::string> context(std::string_view key, std::string_view value) = 0;
  // At most `limit` agents, by the bytes of their ids; with a non-empty `after`, those after that id.
  virtual std::vector<AgentSummary> agents(bool include_system, std::string_view after, std::uint64_t limit) = 0;
  // At most `limit` sessions after the first `offset`, those with the newest activity first.
  virtual std::vector<SessionSummary> sessions(const std::optional<std::string>& agent, std::uint64_t offset,
                                               std::uint64_t limit) = 0;
  virtual Summary summary() = 0;
  // The number of events: the commit index after the newest one.
  virtual std::uint64_t size() = 0;
  virtual std::string meta(std::string_view key) = 0;  // empty if the key does not exist
  // As Transaction::tile(), but reads the committed ledger.
  virtual std::string tile(unsigned level, std::uint64_t index) = 0;
  // The committed positions of all journals that the ledger knows.
  virtual std::vector<std::pair<Uuid, JournalPosition>> journals() = 0;

  // A watch of this ledger. Null if the system cannot tell of changes; then only size() does.
  virtual std::unique_ptr<Watch> watch() = 0;

  // The reads of verification. Owned by the store.
  virtual Audit& audit() = 0;

  // Writes a consistent copy of the ledger, which may be in use, to one new file at `path` (0600). Throws kInvalid if
  // `path` exists, kCancelled if `progress` stopped it. After an error no file is left.
  virtual void backup(const std::string& path, const CopyProgress& progress) = 0;
};

}  // namespace plog::store
